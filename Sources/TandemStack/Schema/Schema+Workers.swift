extension Schema {
    static let worker = Section(
        path: "app.workers.NAME",
        explanation: "A process of the app beside the one that `run` starts.",
        keys: [
            Key(
                name: "run", kind: .command, presence: .required,
                synonyms: ["command", "cmd", "exec", "start"],
                explanation: "The command line, given to /bin/sh -c in the folder of this file.",
                example: "celery -A shop worker"),
            Key(
                name: "on", kind: .choice(Worker.Placement.allCases.map(\.rawValue)), presence: .preset("all"),
                synonyms: ["hosts", "where", "placement", "singleton", "only", "count", "replicas"],
                explanation: """
                    `all`: it runs on every app host. `one`: on one of them at a time, for what must not be done twice, such as a \
                    scheduler; when that host is gone, another one takes over.
                    """),
            Key(
                name: "stop_signal", kind: .choice(App.StopSignal.allCases.map(\.rawValue)), presence: .preset("TERM"),
                synonyms: ["stopsignal", "kill_signal", "signal"],
                explanation: "The signal that tells it to finish what it has begun and to end."),
            Key(
                name: "stop", kind: .duration(1...600), presence: .derived("`timeouts: stop` of the app"),
                synonyms: ["drain", "stop_grace_period", "shutdown", "timeout", "timeouts"],
                explanation: "How long it may take for that; then it is killed, with all that it has started.",
                example: "30s"),
        ])
}
