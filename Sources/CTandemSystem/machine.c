#define _GNU_SOURCE
#include "CTandemSystem.h"

#include <sys/random.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

int tandem_has_randomness(void) {
    char byte;
    return getrandom(&byte, 1, GRND_NONBLOCK) == 1;
}

int tandem_is_clock_synchronised(void) {
    struct timex clock = {0};
    int state = adjtimex(&clock);
    if (state < 0) return -1;
    return state != TIME_ERROR && !(clock.status & STA_UNSYNC);
}

int tandem_is_noexec(const char *path) {
    struct statvfs status;
    return statvfs(path, &status) == 0 && (status.f_flag & ST_NOEXEC) != 0;
}
