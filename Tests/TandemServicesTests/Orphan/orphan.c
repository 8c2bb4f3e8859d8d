// Starts a process as an agent does, and is killed over it: before it has let it run, or right after.
#include "CTandemSystem.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int count, char **words) {
    char *arguments[] = {"sh", "-c", "echo it runs; exec sleep 60", NULL};
    char *environment[] = {"PATH=/usr/bin:/bin", NULL};
    struct tandem_spawn_request request = {
        .program = "/bin/sh",
        .arguments = arguments,
        .environment = environment,
        .working_directory = "/",
        .log_descriptor = open("said", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600),
    };
    struct tandem_spawned spawned;
    const char *step;
    if (count < 2 || tandem_spawn(&request, &spawned, &step) != 0) return 1;
    FILE *file = fopen("pid", "w");
    if (file == NULL || fprintf(file, "%d", spawned.pid) < 0 || fclose(file) != 0) return 1;
    if (strcmp(words[1], "before") == 0) {
        usleep(200000);
        kill(getpid(), SIGKILL);
    }
    if (tandem_spawn_go(&spawned, &step) != 0) return 1;
    kill(getpid(), SIGKILL);
}
