#ifndef CELERY_PROCESS_H
#define CELERY_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

/// Where a pool's child finds its sockets.
#define CELERY_CHILD_DATA_FD 3
#define CELERY_CHILD_CONTROL_FD 4

/// Makes a pair of connected stream sockets, both closed on exec. Returns 0, or an errno value.
int celery_socket_pair(int descriptors[2]);

/// Starts a program with the two sockets as descriptors 3 and 4, stdin from /dev/null, stdout and stderr inherited,
/// every other descriptor closed, no signal blocked, every handler at its default, in a process group of its own.
/// Returns 0, or an errno value.
int celery_spawn_child(
    const char *path, char *const arguments[], char *const environment[], int data, int control, pid_t *pid
);

/// Starts a program in a session of its own, without a terminal: stdin, stdout and stderr are /dev/null, every other
/// descriptor is closed, no signal blocked, every handler at its default. Returns 0, or an errno value.
int celery_spawn_detached(const char *path, char *const arguments[], char *const environment[], pid_t *pid);

/// A descriptor that becomes readable when the process ends, closed on exec; -1 where there is no such thing.
int celery_process_descriptor(pid_t pid);

/// Asks for SIGKILL when the parent's thread that started this process ends. Returns 0 where that cannot be asked.
int celery_die_with_parent(void);

/// Resident memory in KiB of a process; 0 for this one. Returns -1 when it cannot be read.
int64_t celery_resident_kib(pid_t pid);

/// What this process has used so far, in the order of `struct rusage`: two times in microseconds, and fourteen counts.
void celery_usage(int64_t values[16]);

/// The environment of this process.
char **celery_environment(void);

/// Path of the running executable. Returns 0, or an errno value.
int celery_executable_path(char *buffer, size_t size);

/// Sends bytes; never raises SIGPIPE, never waits when `wait` is 0. Returns what `send` does.
ssize_t celery_send(int descriptor, const void *bytes, size_t count, int wait);

/// Receives bytes. Returns what `recv` does.
ssize_t celery_receive(int descriptor, void *bytes, size_t count, int wait);

/// What `waitpid(…, WNOHANG)` says of one process: 1 when it has ended, with its exit code, or its signal as a negative
/// number; 0 when it runs; -1 when it is not our child.
int celery_reap(pid_t pid, int *status);

#endif
