#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "celery_bells.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int celery_bell_open(const char *path) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : fd;
}

int celery_bell_ring(int bell) { return pwrite(bell, "!", 1, 0) == 1 ? 0 : -errno; }

int celery_signal_pipe(int ends[2]) {
    if (pipe(ends) != 0) return -errno;
    for (int end = 0; end < 2; end++) {
        fcntl(ends[end], F_SETFD, FD_CLOEXEC);
        fcntl(ends[end], F_SETFL, O_NONBLOCK);
    }
    return 0;
}

#if defined(__linux__)
#include <sys/inotify.h>

int celery_watch_open(void) {
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int celery_watch_add(int watch, const char *path) {
    int number = inotify_add_watch(watch, path, IN_MODIFY);
    return number < 0 ? -errno : number % 32;
}

unsigned int celery_watch_read(int watch) {
    _Alignas(struct inotify_event) char buffer[4096];
    unsigned int rung = 0;
    for (;;) {
        ssize_t count = read(watch, buffer, sizeof buffer);
        if (count <= 0) return rung;
        for (ssize_t at = 0; at < count;) {
            const struct inotify_event *event = (const struct inotify_event *)(buffer + at);
            rung |= event->wd < 0 ? ~0u : 1u << (event->wd % 32);
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
}
#else
int celery_watch_open(void) { return -ENOSYS; }
int celery_watch_add(int watch, const char *path) { return -ENOSYS; }
unsigned int celery_watch_read(int watch) { return 0; }
#endif
