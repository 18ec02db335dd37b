#ifndef CELERY_JOURNAL_H
#define CELERY_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

/// Memory that processes share through a file, and that outlives all of them: words of 64 bits, changed atomically.

/// Makes the file (mode 0600; it must not exist) with so many bytes of zeros on the disk. Returns a descriptor that is
/// closed on exec, or a negative errno value.
int celery_journal_create(const char *path, size_t bytes);

/// Opens an existing one. Returns a descriptor, or a negative errno value.
int celery_journal_open(const char *path);

/// Bytes of the file; negative on an error.
int64_t celery_journal_size(int descriptor);

/// Puts zeros on the disk from one byte up to another, so that memory behind them never faults for want of space.
/// Returns 0, or a negative errno value.
int celery_journal_extend(int descriptor, size_t from, size_t to);

/// Maps so many bytes, which may be more than the file has: those are not to be touched. NULL on an error.
void *celery_journal_map(int descriptor, size_t bytes);

void celery_journal_unmap(void *base, size_t bytes);

/// Nanoseconds since the machine was started, suspended time included: the same for all its processes.
uint64_t celery_shared_clock(void);

/// The word, with everything written before it was.
uint64_t celery_word_load(const uint64_t *word);

/// Replaces the word if it is the expected one. Returns whether it was.
int celery_word_replace(uint64_t *word, uint64_t expected, uint64_t desired);

/// Sets bits. Returns what the word was before.
uint64_t celery_word_set(uint64_t *word, uint64_t bits);

#endif
