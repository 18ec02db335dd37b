#ifndef CELERY_SIGNALS_H
#define CELERY_SIGNALS_H

/// Opens the queue of signals; once in a process. Returns the descriptor that celery_signals_next reads, or -errno.
int celery_signals_open(void);

/// From now on the signal goes to the queue, whatever was to happen before. Returns 0, or an errno value.
int celery_signals_listen(int number);

/// Waits for the next signal and returns its number; -1 when the queue is broken. For one thread, which then always has
/// these signals unblocked.
int celery_signals_next(int descriptor);

/// Gives the signal back to the system's own handling.
void celery_signals_forget(int number);

/// Stops this process as Ctrl+Z does, until somebody continues it; returns at once where nobody could. The signal is listened to
/// again afterwards if it was.
void celery_signals_stop_here(void);

/// Unblocks all signals on this thread, before another program takes its place.
void celery_signals_unblock(void);

#endif
