#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "celery_process.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif
#ifdef __APPLE__
#include <crt_externs.h>
#include <libproc.h>
#include <mach-o/dyld.h>
#endif

int celery_socket_pair(int descriptors[2]) {
#ifdef SOCK_CLOEXEC
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, descriptors) ? errno : 0;
#else
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, descriptors)) return errno;
    for (int i = 0; i < 2; i++) {
        int on = 1;
        fcntl(descriptors[i], F_SETFD, FD_CLOEXEC);
        setsockopt(descriptors[i], SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
    }
    return 0;
#endif
}

/// No signal blocked, every handler at its default.
static void reset_signals(posix_spawnattr_t *attributes) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
}

int celery_spawn_child(
    const char *path, char *const arguments[], char *const environment[], int data, int control, pid_t *pid
) {
    // Out of the way of 3 and 4, so that one dup2 cannot overwrite the other's source.
    int high_data = fcntl(data, F_DUPFD_CLOEXEC, 10);
    if (high_data < 0) return errno;
    int high_control = fcntl(control, F_DUPFD_CLOEXEC, 10);
    if (high_control < 0) {
        int error = errno;
        close(high_data);
        return error;
    }

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, high_data, CELERY_CHILD_DATA_FD);
    posix_spawn_file_actions_adddup2(&actions, high_control, CELERY_CHILD_CONTROL_FD);

    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP;
#ifdef __APPLE__
    posix_spawn_file_actions_addinherit_np(&actions, 1);
    posix_spawn_file_actions_addinherit_np(&actions, 2);
    flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
#elif defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    posix_spawn_file_actions_addclosefrom_np(&actions, CELERY_CHILD_CONTROL_FD + 1);
#endif
    reset_signals(&attributes);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, flags);

    int error = posix_spawn(pid, path, &actions, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    close(high_data);
    close(high_control);
    return error;
}

int celery_spawn_detached(const char *path, char *const arguments[], char *const environment[], pid_t *pid) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);

    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID;
#ifdef __APPLE__
    flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
#elif defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
#endif
    reset_signals(&attributes);
    posix_spawnattr_setflags(&attributes, flags);

    int error = posix_spawn(pid, path, &actions, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

int celery_process_descriptor(pid_t pid) {
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, pid, 0);
#else
    (void)pid;
    return -1;
#endif
}

int celery_die_with_parent(void) {
#ifdef __linux__
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
#else
    return 0;
#endif
}

int64_t celery_resident_kib(pid_t pid) {
#ifdef __linux__
    char path[40];
    if (pid) snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    else strcpy(path, "/proc/self/statm");
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return -1;
    char text[128];
    ssize_t count = read(descriptor, text, sizeof text - 1);
    close(descriptor);
    if (count <= 0) return -1;
    text[count] = 0;
    char *resident = strchr(text, ' ');
    if (!resident) return -1;
    return strtoll(resident + 1, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
#elif defined(__APPLE__)
    struct proc_taskinfo info;
    int size = proc_pidinfo(pid ? pid : getpid(), PROC_PIDTASKINFO, 0, &info, sizeof info);
    return size == sizeof info ? (int64_t)(info.pti_resident_size / 1024) : -1;
#else
    (void)pid;
    return -1;
#endif
}

char **celery_environment(void) {
#ifdef __APPLE__
    return *_NSGetEnviron();
#else
    extern char **environ;
    return environ;
#endif
}

int celery_executable_path(char *buffer, size_t size) {
#ifdef __APPLE__
    uint32_t length = (uint32_t)size;
    return _NSGetExecutablePath(buffer, &length) ? ENAMETOOLONG : 0;
#else
    // Not the link's target: the link still works when the file was replaced by a newer build.
    if (size < sizeof "/proc/self/exe") return ENAMETOOLONG;
    strcpy(buffer, "/proc/self/exe");
    return 0;
#endif
}

#ifdef MSG_NOSIGNAL
#define CELERY_NOSIGNAL MSG_NOSIGNAL
#else
#define CELERY_NOSIGNAL 0
#endif

ssize_t celery_send(int descriptor, const void *bytes, size_t count, int wait) {
    return send(descriptor, bytes, count, CELERY_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
}

ssize_t celery_receive(int descriptor, void *bytes, size_t count, int wait) {
    return recv(descriptor, bytes, count, wait ? 0 : MSG_DONTWAIT);
}

int celery_reap(pid_t pid, int *status) {
    int raw = 0;
    pid_t found;
    do found = waitpid(pid, &raw, WNOHANG);
    while (found < 0 && errno == EINTR);
    if (found == 0) return 0;
    if (found < 0) return -1;
    if (WIFSIGNALED(raw)) *status = -WTERMSIG(raw);
    else if (WIFEXITED(raw)) *status = WEXITSTATUS(raw);
    else return 0;
    return 1;
}

void celery_usage(int64_t values[16]) {
    struct rusage usage;
    memset(&usage, 0, sizeof usage);
    getrusage(RUSAGE_SELF, &usage);
    int64_t found[16] = {
        (int64_t)usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec,
        (int64_t)usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec,
        usage.ru_maxrss,   usage.ru_ixrss,   usage.ru_idrss,  usage.ru_isrss,  usage.ru_minflt,
        usage.ru_majflt,   usage.ru_nswap,   usage.ru_inblock, usage.ru_oublock, usage.ru_msgsnd,
        usage.ru_msgrcv,   usage.ru_nsignals, usage.ru_nvcsw,  usage.ru_nivcsw,
    };
    memcpy(values, found, sizeof found);
}
