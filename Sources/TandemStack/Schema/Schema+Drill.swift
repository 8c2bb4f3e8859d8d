extension Schema {
    static let drill = Section(
        path: "drill",
        explanation: """
            What `tandem drill` asks of the app while it breaks the stack on purpose, and what users may feel. It changes \
            nothing of what runs. For the example app it needs none of it. In paths and in the body {text} stands \
            for the text of a write, such as drill.7f3a9c.00000012, and {run} and {number} for its parts.
            """,
        keys: [
            Key(
                name: "read", kind: .requestPath([]), presence: .derived("the health path of the app"),
                synonyms: ["get", "url", "path"],
                explanation: "The path that is read all the time; it must answer 200.",
                example: "/notes"),
            Key(
                name: "write", kind: .requestPath(["text", "run", "number"]), presence: .optional,
                synonyms: ["post"],
                explanation: "The path that is sent a POST with `body`. It wants `body` and `check` too.",
                example: "/notes"),
            Key(
                name: "body", kind: .requestBody, presence: .optional, synonyms: ["data", "payload"],
                explanation: "The body of each POST: the app keeps the {text} in it.",
                example: "\"{text}\""),
            Key(
                name: "content_type", kind: .mediaType, presence: .preset("text/plain"),
                synonyms: ["type", "contenttype", "mime"],
                explanation: "What the body is."),
            Key(
                name: "check", kind: .requestPath(["text", "run", "number", "offset"]), presence: .optional,
                synonyms: ["verify", "list"],
                explanation: """
                    The path that is asked at the end for what the app has. With {offset}: a list, the newest first, \
                    of which each page begins at that entry, and in which a write's text stands once for \
                    each time that the app has it. With {text}: the same for one write; 404 where there is none.
                    """,
                example: "\"/notes?offset={offset}\""),
            Key(
                name: "check_step", kind: .count(1...10_000), presence: .preset("50"),
                synonyms: ["page", "page_size", "step", "limit"],
                explanation: "How many entries a page of `check` has."),
            Key(
                name: "reread", kind: .requestPath(["text", "run", "number"]), presence: .optional,
                synonyms: ["own", "read_own"],
                explanation: """
                    A path that has to show what the same visitor has just written. Without it stale reads are not looked for.
                    """,
                example: "\"/notes/{text}\""),
            Key(
                name: "budgets", kind: .section(budgets), presence: .optional, synonyms: ["budget", "limits"],
                explanation: budgets.explanation),
        ])

    static let budgets = Section(
        path: "drill.budgets",
        explanation: "What users may feel of one fault; `tandem drill` ends with 1 when it was more.",
        keys: [
            Key(
                name: "read_pause", kind: .duration(1...3600), presence: .preset("5s"), synonyms: ["reads", "read"],
                explanation: "The longest time in which no read is answered."),
            Key(
                name: "write_pause", kind: .duration(1...3600), presence: .preset("15s"),
                synonyms: ["writes", "write"],
                explanation: "The longest time in which no write is."),
            Key(
                name: "recovery", kind: .duration(1...3600), presence: .preset("45s"),
                synonyms: ["redundancy", "back", "rto"],
                explanation: "Until all of the stack runs again; after a full outage twice as long."),
            Key(
                name: "failed_writes", kind: .count(0...1_000_000), presence: .preset("0"), synonyms: ["errors"],
                explanation: """
                    Writes that may fail beside those that were under way. An app that does not wait for its \
                    database needs some for the primary's mysqld.
                    """),
        ])
}
