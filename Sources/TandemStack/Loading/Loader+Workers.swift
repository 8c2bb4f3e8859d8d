extension Loader {
    /// In the order of the file.
    /// - Parameters:
    ///   - stopTimeoutSeconds: of the app.
    ///   - hosts: names that are taken, since commands take a service's name or a host's.
    mutating func workers(in section: OpenSection, stopTimeoutSeconds: Int, hosts: [String]) -> [Worker] {
        guard let key = section.schema.key("workers"), let tree = section.entries["workers"]?.value, !tree.isNothing
        else { return [] }
        let name = section.fullName("workers")
        let entries = entries(of: tree, kind: key.kind, name: name)
        if entries.count > Worker.most {
            problems.add("\(name): expected at most \(Worker.most) workers, found \(entries.count)", at: tree.position)
        }
        return entries.compactMap { entry in
            checkProcessName(entry, in: name, taken: hosts.map { ($0, "a host") })
            return worker(entry, in: name, stopTimeoutSeconds: stopTimeoutSeconds)
        }
    }

    private mutating func worker(_ entry: Tree.Entry, in name: String, stopTimeoutSeconds: Int) -> Worker? {
        let path = "\(name).\(Grammar.isLabel(entry.key, limit: Grammar.workerNameLimit) ? entry.key : "NAME")"
        // The command alone is the short form.
        if case .scalar(let scalar) = entry.value.content {
            guard case .text(let run)? = read(scalar, as: .command, name: path, at: entry.value.position) else {
                return nil
            }
            return Worker(name: entry.key, run: run, stopTimeoutSeconds: stopTimeoutSeconds)
        }
        if case .sequence = entry.value.content {
            let expectation = "a command line, or a map with \(Schema.worker.keys.map(\.name).joined(separator: ", "))"
            problems.add("\(path): expected \(expectation), found \(entry.value.summary)", at: entry.value.position)
            return nil
        }
        let section = open(entry.value, as: Schema.worker, path: path, at: entry.position)
        return Worker(
            name: entry.key, run: text("run", in: section).value,
            stopSignal: App.StopSignal(rawValue: text("stop_signal", in: section).value) ?? .term,
            stopTimeoutSeconds: optionalNumber("stop", in: section)?.value ?? stopTimeoutSeconds,
            placement: Worker.Placement(rawValue: text("on", in: section).value) ?? .all)
    }

    /// - Parameter taken: names that are taken, and whose they are.
    mutating func checkProcessName(_ entry: Tree.Entry, in name: String, taken: [(name: String, owner: String)]) {
        guard Grammar.isLabel(entry.key, limit: Grammar.workerNameLimit) else {
            let hint = Worker.name(like: entry.key).map { "; did you mean \($0.quoted)?" } ?? ""
            problems.add(
                "\(name): expected a name of 1 to \(Grammar.workerNameLimit) lower-case letters, digits and hyphens that "
                    + "begins with a letter, found \(entry.key.quoted)\(hint)", at: entry.position)
            return
        }
        if Worker.isReserved(entry.key) {
            problems.add(
                "\(name): the name \(entry.key.quoted) belongs to a part of Tandem; expected another name",
                at: entry.position)
        }
        if let other = taken.first(where: { $0.name == entry.key }) {
            problems.add(
                "\(name): \(entry.key.quoted) is the name of \(other.owner); expected another name", at: entry.position)
        }
    }
}
