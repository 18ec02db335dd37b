#include "celery_locks.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

static int lock(int fd) {
    if (fd < 0) return -errno;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int celery_lock_create(const char *path) { return lock(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)); }

int celery_lock_probe(const char *path) { return lock(open(path, O_RDWR | O_CLOEXEC)); }
