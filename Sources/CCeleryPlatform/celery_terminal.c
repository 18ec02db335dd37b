#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "celery_terminal.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static volatile sig_atomic_t taken;
static struct termios before;
static int input_end, output_end;
static char farewell[128];

static const int faults[] = {SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
#define FAULTS (sizeof faults / sizeof *faults)
static struct sigaction handlers[FAULTS];

static void say(const char *text) {
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t count = write(output_end, text, left);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;
        text += count;
        left -= (size_t)count;
    }
}

static int set(const struct termios *attributes) {
    while (tcsetattr(input_end, TCSANOW, attributes) != 0)
        if (errno != EINTR) return errno;
    return 0;
}

void celery_terminal_leave(void) {
    if (!taken) return;
    taken = 0;
    int saved = errno;
    // Who sets attributes from the background is stopped, unless this signal is blocked: nobody would go on with the exit.
    sigset_t stop, mask;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTTOU);
    pthread_sigmask(SIG_BLOCK, &stop, &mask);
    say(farewell);
    set(&before);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    errno = saved;
}

/// Restores the terminal, then lets happen what was to happen.
static void fault(int number) {
    celery_terminal_leave();
    for (size_t i = 0; i < FAULTS; i++)
        if (faults[i] == number) sigaction(number, &handlers[i], NULL);
    raise(number);
}

static void watch_ends(void) {
    static int is_done;
    if (is_done) return;
    is_done = 1;
    atexit(celery_terminal_leave);
    for (size_t i = 0; i < FAULTS; i++) {
        struct sigaction action = {0};
        action.sa_handler = fault;
        action.sa_flags = SA_ONSTACK;
        sigemptyset(&action.sa_mask);
        sigaction(faults[i], &action, &handlers[i]);
    }
}

int celery_terminal_enter(int input, int output, const char *enter, const char *leave) {
    struct termios attributes;
    if (!isatty(output)) return ENOTTY;
    if (tcgetattr(input, &attributes) != 0) return errno;
    if (!taken) {
        before = attributes;
        input_end = input;
        output_end = output;
        strncpy(farewell, leave, sizeof farewell - 1);
        watch_ends();
    }
    cfmakeraw(&attributes);
    attributes.c_cc[VMIN] = 1;
    attributes.c_cc[VTIME] = 0;
    taken = 1;
    // From the background this stops the process, as it should, until it has the terminal: unless the signal is blocked.
    sigset_t stop, mask;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTTOU);
    pthread_sigmask(SIG_UNBLOCK, &stop, &mask);
    int error = set(&attributes);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    if (error) {
        taken = 0;
        return error;
    }
    say(enter);
    return 0;
}

int celery_terminal_size(int output, int *columns, int *rows) {
    struct winsize size;
    if (ioctl(output, TIOCGWINSZ, &size) != 0) return errno;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}
