/* The loop of Benchmarks' `mysql` part in C on MariaDB Connector/C: a thread and a connection for each task, up to the number of connections.
 *
 *   load HOST PORT WORKLOAD TASKS CONNECTIONS SECONDS
 */
#define _GNU_SOURCE
#include <mariadb/mysql.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define ROWS 1000000
#define MAX_THREADS 256

static const char *host, *workload;
static int port;
static double seconds;
static pthread_barrier_t barrier;
static volatile int is_over;

struct worker {
    pthread_t thread;
    int number;
    double *latencies;
    size_t count, room;
};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static double cpu(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_utime.tv_sec * 1e6 + usage.ru_utime.tv_usec + usage.ru_stime.tv_sec * 1e6 + usage.ru_stime.tv_usec;
}

static double peak_megabytes(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024.0;
}

static void fail(const char *what) {
    fprintf(stderr, "load.c: %s\n", what);
    exit(1);
}

static MYSQL *dial(void) {
    MYSQL *mysql = mysql_init(NULL);
    if (!mysql_real_connect(mysql, host, "bench", "bench", "bench", port, NULL, 0)) fail(mysql_error(mysql));
    return mysql;
}

static MYSQL_STMT *prepare(MYSQL *mysql, const char *sql) {
    MYSQL_STMT *statement = mysql_stmt_init(mysql);
    if (mysql_stmt_prepare(statement, sql, strlen(sql))) fail(mysql_stmt_error(statement));
    return statement;
}

/* id and v of a row. */
struct row {
    long long id;
    char v[512];
    unsigned long length;
    MYSQL_BIND binds[2];
};

static void bind_row(struct row *row, MYSQL_STMT *statement) {
    memset(row->binds, 0, sizeof row->binds);
    row->binds[0].buffer_type = MYSQL_TYPE_LONGLONG;
    row->binds[0].buffer = &row->id;
    row->binds[1].buffer_type = MYSQL_TYPE_STRING;
    row->binds[1].buffer = row->v;
    row->binds[1].buffer_length = sizeof row->v;
    row->binds[1].length = &row->length;
    if (mysql_stmt_bind_result(statement, row->binds)) fail(mysql_stmt_error(statement));
}

static void note(struct worker *worker, double latency) {
    if (worker->count == worker->room) {
        worker->room = worker->room ? worker->room * 2 : 1 << 16;
        worker->latencies = realloc(worker->latencies, worker->room * sizeof(double));
    }
    worker->latencies[worker->count++] = latency;
}

static void *work(void *argument) {
    struct worker *worker = argument;
    int selects = !strcmp(workload, "select");
    MYSQL *mysql = dial();
    MYSQL_STMT *statement =
        prepare(mysql, selects ? "SELECT id, v FROM point WHERE id = ?" : "INSERT INTO ins (v) VALUES (?)");
    long long id;
    char text[] = "hello";
    unsigned long length = 5;
    MYSQL_BIND bind = {0};
    bind.buffer_type = selects ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_STRING;
    bind.buffer = selects ? (void *)&id : text;
    bind.buffer_length = length;
    bind.length = &length;
    mysql_stmt_bind_param(statement, &bind);
    struct row row;
    if (selects) bind_row(&row, statement);
    unsigned long long random = worker->number * 7919ULL + 1;
    pthread_barrier_wait(&barrier);
    while (!is_over) {
        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
        id = (random >> 33) % 10000 + 1;
        double start = now();
        if (mysql_stmt_execute(statement)) fail(mysql_stmt_error(statement));
        if (selects) {
            while (!mysql_stmt_fetch(statement)) {
            }
            mysql_stmt_free_result(statement);
        }
        note(worker, now() - start);
    }
    mysql_stmt_close(statement);
    mysql_close(mysql);
    return NULL;
}

static void report(double operations, double wall, double cpu_used, double p50, double p99, double growth) {
    printf(
        "{\"perSecond\": %f, \"cpuMicroseconds\": %f, \"p50Microseconds\": %f, \"p99Microseconds\": %f, "
        "\"growthMegabytes\": %f}\n",
        operations / wall * 1e6, cpu_used / operations, p50, p99, growth);
}

static void stream(void) {
    MYSQL *mysql = dial();
    MYSQL_STMT *statement = prepare(mysql, "SELECT id, v FROM point");
    struct row row;
    bind_row(&row, statement);
    double memory = peak_megabytes(), cpu_before = cpu(), start = now();
    if (mysql_stmt_execute(statement)) fail(mysql_stmt_error(statement));
    long long sum = 0, rows = 0;
    while (!mysql_stmt_fetch(statement)) {
        sum += row.id + row.length;
        rows++;
    }
    if (rows != ROWS || sum == 0) fail("not all rows came");
    report(rows, now() - start, cpu() - cpu_before, 0, 0, peak_megabytes() - memory);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void load(int threads) {
    static struct worker workers[MAX_THREADS];
    pthread_barrier_init(&barrier, NULL, threads + 1);
    for (int i = 0; i < threads; i++) {
        workers[i].number = i;
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    double memory = peak_megabytes();
    pthread_barrier_wait(&barrier);
    double cpu_before = cpu(), start = now();
    usleep(seconds * 1e6);
    is_over = 1;
    for (int i = 0; i < threads; i++) pthread_join(workers[i].thread, NULL);
    double wall = now() - start, cpu_used = cpu() - cpu_before;
    size_t count = 0;
    for (int i = 0; i < threads; i++) count += workers[i].count;
    double *all = malloc(count * sizeof(double)), *next = all;
    for (int i = 0; i < threads; i++) {
        memcpy(next, workers[i].latencies, workers[i].count * sizeof(double));
        next += workers[i].count;
    }
    qsort(all, count, sizeof(double), ascending);
    report(count, wall, cpu_used, all[(count - 1) / 2], all[(size_t)((count - 1) * 0.99)], peak_megabytes() - memory);
}

int main(int count, char **arguments) {
    if (count != 7) fail("HOST PORT WORKLOAD TASKS CONNECTIONS SECONDS");
    host = arguments[1];
    port = atoi(arguments[2]);
    workload = arguments[3];
    int tasks = atoi(arguments[4]), connections = atoi(arguments[5]);
    seconds = atof(arguments[6]);
    mysql_library_init(0, NULL, NULL);
    int threads = tasks < connections ? tasks : connections;
    if (threads < 1 || threads > MAX_THREADS) fail("1 to 256 tasks");
    if (!strcmp(workload, "stream"))
        stream();
    else
        load(threads);
}
