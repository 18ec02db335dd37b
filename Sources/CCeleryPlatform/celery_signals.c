#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "celery_signals.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

// A handler and a pipe instead of dispatch's signal sources: those lose a signal now and then on Linux when the main thread
// waits in dispatch_main, and they need a free thread of the pool.
static volatile int write_end = -1;

static void enqueue(int number) {
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    // Full means that 64 KiB of signals wait: one more says nothing new.
    ssize_t ignored = write(write_end, &byte, 1);
    (void)ignored;
    errno = saved;
}

int celery_signals_open(void) {
    int ends[2];
    if (pipe(ends) != 0) return -errno;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    write_end = ends[1];
    return ends[0];
}

int celery_signals_listen(int number) {
    struct sigaction action = {0};
    action.sa_handler = enqueue;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    return sigaction(number, &action, NULL) == 0 ? 0 : errno;
}

int celery_signals_next(int descriptor) {
    celery_signals_unblock();
    for (;;) {
        unsigned char byte;
        ssize_t count = read(descriptor, &byte, 1);
        if (count == 1) return byte;
        if (count == 0 || errno != EINTR) return -1;
    }
}

void celery_signals_forget(int number) { signal(number, SIG_DFL); }

void celery_signals_stop_here(void) {
    struct sigaction usual = {0}, ours;
    sigset_t stop, mask;
    usual.sa_handler = SIG_DFL;
    sigemptyset(&usual.sa_mask);
    sigaction(SIGTSTP, &usual, &ours);
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    pthread_sigmask(SIG_UNBLOCK, &stop, &mask);
    // To this thread, so that it is delivered before this returns. The system drops it where no shell would continue us.
    raise(SIGTSTP);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    sigaction(SIGTSTP, &ours, NULL);
}

void celery_signals_unblock(void) {
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
}
