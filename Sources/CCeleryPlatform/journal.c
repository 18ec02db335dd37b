#include "celery_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int celery_journal_extend(int descriptor, size_t from, size_t to) {
    static const char zeros[4096];
    while (from < to) {
        size_t count = to - from < sizeof zeros ? to - from : sizeof zeros;
        ssize_t written = pwrite(descriptor, zeros, count, (off_t)from);
        if (written > 0) {
            from += (size_t)written;
        } else if (written == 0 || errno != EINTR) {
            return written == 0 ? -ENOSPC : -errno;
        }
    }
    return 0;
}

int celery_journal_create(const char *path, size_t bytes) {
    int descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) return -errno;
    int error = celery_journal_extend(descriptor, 0, bytes);
    if (error == 0) return descriptor;
    close(descriptor);
    unlink(path);
    return error;
}

int celery_journal_open(const char *path) {
    int descriptor = open(path, O_RDWR | O_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

int64_t celery_journal_size(int descriptor) {
    struct stat status;
    return fstat(descriptor, &status) == 0 ? (int64_t)status.st_size : -1;
}

void *celery_journal_map(int descriptor, size_t bytes) {
    void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    return base == MAP_FAILED ? NULL : base;
}

void celery_journal_unmap(void *base, size_t bytes) { munmap(base, bytes); }

uint64_t celery_shared_clock(void) {
#ifdef CLOCK_BOOTTIME
    const clockid_t clock = CLOCK_BOOTTIME;
#else
    const clockid_t clock = CLOCK_MONOTONIC;
#endif
    struct timespec now;
    return clock_gettime(clock, &now) == 0 ? (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec : 0;
}

uint64_t celery_word_load(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }

int celery_word_replace(uint64_t *word, uint64_t expected, uint64_t desired) {
    return __atomic_compare_exchange_n(word, &expected, desired, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

uint64_t celery_word_set(uint64_t *word, uint64_t bits) { return __atomic_fetch_or(word, bits, __ATOMIC_SEQ_CST); }
