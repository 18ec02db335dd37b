#include "celery_platform.h"
