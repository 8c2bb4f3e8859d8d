#include <mariadb/mysql.h>
#include <mariadb/ma_pvio.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>

/// Has OpenSSL leave its memory alone when the process exits. By itself it frees its locks in exit() while connections' threads still use them, which
/// ends the process by a signal now and then. It holds where nothing in the process has used OpenSSL before. The library is found by name, since Connector/C
/// may stand on another one.
static inline void cmariadb_keep_tls_at_exit(void) {
    const uint64_t no_atexit = 0x00080000;  // OPENSSL_INIT_NO_ATEXIT
    int (*prepare)(uint64_t, const void *) = (int (*)(uint64_t, const void *))dlsym(NULL, "OPENSSL_init_crypto");
    if (prepare) prepare(no_atexit, NULL);
}

/// Names the calling thread, for tools such as top; 15 bytes at most.
static inline void cmariadb_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/// Sets how long each later read and write on a connected handle may take; zero or less means without end. mysql_options acts before connecting
/// only, and in whole seconds. Without TLS the library polls with its own figures; with TLS it blocks in the socket, which has figures too.
static inline void cmariadb_set_io_timeout(MYSQL *mysql, int milliseconds) {
    struct timeval limit = {0, 0};
    if (!mysql->net.pvio) return;
    if (milliseconds > 0) {
        limit.tv_sec = milliseconds / 1000;
        limit.tv_usec = (milliseconds % 1000) * 1000;
    }
    mysql->net.pvio->timeout[PVIO_READ_TIMEOUT] = milliseconds > 0 ? milliseconds : -1;
    mysql->net.pvio->timeout[PVIO_WRITE_TIMEOUT] = milliseconds > 0 ? milliseconds : -1;
    setsockopt(mysql_get_socket(mysql), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(mysql_get_socket(mysql), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

/// Waits for the server in the read itself, for as long as the socket's own figure says.
static inline ssize_t cmariadb_read(MARIADB_PVIO *pvio, uchar *buffer, size_t length) {
    ssize_t count;
    do count = recv(mysql_get_socket(pvio->mysql), buffer, length, 0);
    while (count < 0 && errno == EINTR);
    // How the library tells a read that took too long.
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) errno = ETIMEDOUT;
    return count;
}

/// Makes a connected handle without TLS wait in the read. By itself the library tries to read, polls, and reads again: two calls of the kernel more
/// for each answer. With TLS it waits in the read anyway. Call it after cmariadb_set_io_timeout.
static inline void cmariadb_wait_in_read(MYSQL *mysql) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static PVIO_METHODS methods;
    MARIADB_PVIO *pvio = mysql->net.pvio;
    if (!pvio || pvio->ctls) return;
    pthread_mutex_lock(&lock);
    if (!methods.read) {
        methods = *pvio->methods;
        methods.read = cmariadb_read;
    }
    pthread_mutex_unlock(&lock);
    pvio->methods = &methods;
}

/// Whether bytes that the server sent lie in the library's read-ahead buffer already.
static inline int cmariadb_has_buffered_input(const MYSQL *mysql) {
    const MARIADB_PVIO *pvio = mysql->net.pvio;
    return pvio && pvio->cache && pvio->cache_pos < pvio->cache + pvio->cache_size;
}
