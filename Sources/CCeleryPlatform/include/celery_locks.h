#ifndef CELERY_LOCKS_H
#define CELERY_LOCKS_H

/// Creates the file (mode 0600, not inherited by programs that are started) and locks it until the descriptor is closed
/// or the process ends, however it ends. Returns the descriptor, or a negative errno value.
int celery_lock_create(const char *path);

/// Tries to lock an existing file. Returns its descriptor when nobody held it, -EWOULDBLOCK when somebody does, -ENOENT
/// when there is no such file, or another negative errno value.
int celery_lock_probe(const char *path);

#endif
