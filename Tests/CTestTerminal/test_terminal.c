#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "test_terminal.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

int test_terminal_resize(int end, int columns, int rows) {
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    return ioctl(end, TIOCSWINSZ, &size) == 0 ? 0 : errno;
}

/// In the child: only what is safe after fork in a process with threads.
static void become(
    const char *program, char *const arguments[], char *const environment[], const char *directory, int terminal
) {
    setsid();
    ioctl(terminal, TIOCSCTTY, 0);
    for (int descriptor = 0; descriptor < 3; descriptor++) dup2(terminal, descriptor);
    for (int descriptor = 3; descriptor < 1024; descriptor++) close(descriptor);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (chdir(directory) == 0) execve(program, arguments, environment);
    _exit(127);
}

pid_t test_terminal_spawn(
    const char *program, char *const arguments[], char *const environment[], const char *directory, int columns, int rows,
    int ends[2], struct termios *before
) {
    ends[0] = posix_openpt(O_RDWR | O_NOCTTY);
    if (ends[0] < 0) return -errno;
    const char *name = grantpt(ends[0]) == 0 && unlockpt(ends[0]) == 0 ? ptsname(ends[0]) : NULL;
    ends[1] = name ? open(name, O_RDWR | O_NOCTTY) : -1;
    if (ends[1] < 0) {
        int error = errno;
        close(ends[0]);
        return -error;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    for (int side = 0; side < 2; side++) fcntl(ends[side], F_SETFD, FD_CLOEXEC);
    test_terminal_resize(ends[0], columns, rows);
    tcgetattr(ends[1], before);
    pid_t pid = fork();
    if (pid == 0) become(program, arguments, environment, directory, ends[1]);
    if (pid < 0) return -errno;
    return pid;
}
