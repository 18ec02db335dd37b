#ifndef CELERY_BELLS_H
#define CELERY_BELLS_H

/// A bell is a small file; writing to it is heard by every process that watches it.

/// Opens a bell to ring, making it when missing. Returns a descriptor, or a negative errno value.
int celery_bell_open(const char *path);

/// Rings it. Returns 0, or a negative errno value.
int celery_bell_ring(int bell);

/// Opens a watch to which bells can be added; readable when one has rung. Returns a descriptor, or a negative errno
/// value: -ENOSYS where the system has nothing of the kind.
int celery_watch_open(void);

/// Watches a bell. Returns a number that celery_watch_read reports it under, from 0 to 31, or a negative errno value.
int celery_watch_add(int watch, const char *path);

/// Takes what has rung. Returns a set of bits, one for each number modulo 32; 0 when nothing has.
unsigned int celery_watch_read(int watch);

/// A pipe whose both ends do not block and are not inherited. Returns 0, or a negative errno value.
int celery_signal_pipe(int ends[2]);

#endif
