#define _GNU_SOURCE
#include "CTandemSystem.h"

#include <sys/reboot.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/xattr.h>

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

static int copy_entry(int result, const struct stat *status, struct tandem_entry *entry) {
    if (result < 0) return -1;
    *entry = (struct tandem_entry){
        .user = status->st_uid, .group = status->st_gid, .mode = status->st_mode, .inode = status->st_ino,
        .size = status->st_size < 0 ? 0 : (unsigned long long)status->st_size,
        .modified = (double)status->st_mtim.tv_sec + (double)status->st_mtim.tv_nsec / 1e9};
    return 0;
}

int tandem_look_at(const char *path, int follows_links, struct tandem_entry *entry) {
    struct stat status;
    return copy_entry(follows_links ? stat(path, &status) : lstat(path, &status), &status, entry);
}

int tandem_look_at_descriptor(int descriptor, struct tandem_entry *entry) {
    struct stat status;
    return copy_entry(fstat(descriptor, &status), &status, entry);
}

ssize_t tandem_read_access_list(const char *path, void *bytes, size_t size) {
    return lgetxattr(path, "system.posix_acl_access", bytes, size);
}

int tandem_boot_at_once(void) { return reboot(RB_AUTOBOOT); }
