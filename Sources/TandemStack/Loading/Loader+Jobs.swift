extension Loader {
    /// In the order of the file.
    /// - Parameters:
    ///   - stopTimeoutSeconds: of the app.
    ///   - taken: whose names these are, since commands take a job's name or one of theirs.
    mutating func jobs(
        in section: OpenSection, stopTimeoutSeconds: Int, taken: [(name: String, owner: String)]
    ) -> [Job] {
        guard let key = section.schema.key("jobs"), let tree = section.entries["jobs"]?.value, !tree.isNothing
        else { return [] }
        let name = section.fullName("jobs")
        let entries = entries(of: tree, kind: key.kind, name: name)
        if entries.count > Job.most {
            problems.add("\(name): expected at most \(Job.most) jobs, found \(entries.count)", at: tree.position)
        }
        return entries.compactMap { entry in
            checkProcessName(entry, in: name, taken: taken)
            let path = "\(name).\(Grammar.isLabel(entry.key, limit: Grammar.workerNameLimit) ? entry.key : "NAME")"
            let inner = open(entry.value, as: Schema.job, path: path, at: entry.position)
            let run = text("run", in: inner).value
            let timeoutSeconds = number("timeout", in: inner).value
            guard let schedule = try? CronSchedule(parsing: text("at", in: inner).value) else { return nil }
            return Job(
                name: entry.key, run: run, schedule: schedule, timeoutSeconds: timeoutSeconds,
                stopTimeoutSeconds: stopTimeoutSeconds)
        }
    }
}
