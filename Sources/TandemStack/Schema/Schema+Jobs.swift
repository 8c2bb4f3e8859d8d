extension Schema {
    static let job = Section(
        path: "app.jobs.NAME",
        explanation: "A command that runs at given times, once each time, on one of the app hosts.",
        keys: [
            Key(
                name: "run", kind: .command, presence: .required,
                synonyms: ["command", "cmd", "exec", "start"],
                explanation: "The command line, given to /bin/sh -c in the folder of this file.",
                example: "./manage.py send_digest"),
            Key(
                name: "at", kind: .schedule, presence: .required,
                synonyms: ["cron", "schedule", "time", "when", "every", "interval", "oncalendar"],
                explanation: """
                    When, in UTC: the five fields of crontab(5), minute, hour, day of the month, month and day of the week, in \
                    quotes; or "@hourly", "@daily", "@weekly", "@monthly", "@yearly". Where both days are named, either will do.
                    """,
                example: #""0 7 * * mon-fri""#),
            Key(
                name: "timeout", kind: .duration(1...86_400), presence: .preset("1h"),
                synonyms: ["timeouts", "limit", "max_runtime"],
                explanation: """
                    How long it may run. Then it gets SIGTERM and, after `timeouts: stop` of the app, SIGKILL, with all that it has \
                    started.
                    """),
        ])
}
