#ifndef CELERY_PLATFORM_H
#define CELERY_PLATFORM_H
#include "celery_bells.h"
#include "celery_journal.h"
#include "celery_locks.h"
#include "celery_memory.h"
#include "celery_process.h"
#include "celery_signals.h"
#include "celery_terminal.h"
#include "celery_thread.h"

#endif
