// Linked into the programs of `make nightly`'s Thread Sanitizer build, nowhere else.
//
// Swift's Mutex locks by an atomic word that the sanitizer sees, but under contention in the kernel, called from Swift's own
// library, which it does not see: every value in a contended Mutex would be reported as a race. These stand in front of the
// library's three functions and tell the sanitizer what the kernel did. They can go when the library is instrumented.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern void __tsan_acquire(void *word);
extern void __tsan_release(void *word);

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

static void *original(const char *name) { return dlsym(RTLD_NEXT, name); }

SWIFT void celery_tsan_lock(uint32_t thread, SELF self) __asm__(LOCK);
SWIFT bool celery_tsan_try_lock(SELF self) __asm__(TRY_LOCK);
SWIFT void celery_tsan_unlock(SELF self) __asm__(UNLOCK);

SWIFT void celery_tsan_lock(uint32_t thread, SELF self) {
    ((SWIFT void (*)(uint32_t, SELF))original(LOCK))(thread, self);
    __tsan_acquire(self);
}

SWIFT bool celery_tsan_try_lock(SELF self) {
    bool taken = ((SWIFT bool (*)(SELF))original(TRY_LOCK))(self);
    if (taken) __tsan_acquire(self);
    return taken;
}

SWIFT void celery_tsan_unlock(SELF self) {
    __tsan_release(self);
    ((SWIFT void (*)(SELF))original(UNLOCK))(self);
}
