#ifndef CELERY_MEMORY_H
#define CELERY_MEMORY_H

/// Takes the code that has been used so far out of this process's resident memory: what is used again comes back by
/// itself, page by page, from the system's cache; what only the start needed does not. Nothing where that is not known to
/// be safe.
void celery_forget_startup(void);

#endif
