#ifndef CELERY_THREAD_H
#define CELERY_THREAD_H

#include <stdint.h>

/// Starts a joinable thread with a stack of 8 MiB. The name is cut at 15 bytes. Returns 0, or an errno value.
int celery_thread_start(const char *name, void (*body)(void *context), void *context, uintptr_t *handle);

/// Waits for the thread's end; exactly once for each thread.
void celery_thread_join(uintptr_t handle);

/// Tells the calling thread from all others that live; never 0.
uintptr_t celery_thread_self(void);

/// Lets all signals through on this thread: a thread inherits the mask of the one that started it, and Swift's own
/// threads block nearly all.
void celery_thread_unblock_signals(void);

#endif
