import Foundation
import TandemAgent
import TandemBlueprint
import TandemStack
import TandemTopology

/// Takes a change up on a stack that runs: host by host, each serving again before the next one is touched. What fails
/// is put back.
struct RollOut: Sendable {
    let pending: PendingChange
    let client: AgentClient
    let steps: StepPrinter

    private var folder: StackFolder { pending.project.folder }
    private var wait: HostWait { HostWait(folder: folder, client: client) }
    private var target: Stack { pending.target.stack }

    func run() async throws {
        guard let running = pending.running else { return }
        try checkPorts(running)
        try await checkFiles()
        try await prepareApp()
        // From here on things change. An agent that is started anew meanwhile goes on with what its host has.
        for (name, given) in pending.given { try given.save(host: name, folder: folder) }
        steps.note(try pending.preparation.writeCertificates())
        if pending.target.front == nil { try await giveCertificates(running) }
        var changed: [String] = []
        do {
            for host in pending.change.hosts where host.kind == .added {
                try pending.next(for: host.host).save(host: host.host, folder: folder)
            }
            try StackPreparation.write(together(running), secrets: pending.secrets, folder: folder)
            for host in databases(of: running.stack, not: target) {
                changed.append(host.name)
                try await giveUpDatabase(host, running.stack)
            }
            for host in pending.change.hosts where host.kind != .removed {
                changed.append(host.host)
                if try await !take(host) { changed.removeLast() }
            }
            for host in databases(of: target, not: running.stack) {
                try await wait.settled(host, pending.next(for: host.name))
            }
            try await wait.replicated(target, isComplete: true)
            for host in pending.change.hosts where host.kind == .removed { try await remove(host, last: running) }
        } catch {
            if Task.isCancelled {
                sayInterrupted(changed)
                throw error
            }
            guard wait.isKept else { throw Failure(.failed, stoppedMeanwhile) }
            try await putBack(changed, running: running, because: error)
        }
        try StackPreparation.write(pending.target, secrets: pending.secrets, folder: folder)
    }

    // MARK: - Before anything changes

    /// Places where nothing of this stack listens yet. Addresses of other machines cannot be listened on here: a host
    /// that is new was looked at before this, and of one that gets another role the service itself says what is in its
    /// way.
    private func checkPorts(_ running: AppliedStack) throws {
        guard target.isOnThisMachine else { return }
        var known: Set<String> = []
        for (name, given) in pending.given {
            for service in try given.blueprint(host: name, folder: folder).services {
                for listener in service.listeners { known.insert("\(listener.address):\(listener.port)") }
            }
        }
        let problems = try PortPlan(applied: pending.target, folder: folder).problems(besides: known) {
            host in !running.stack.hosts.contains { $0.name == host }
        }
        guard problems.isEmpty else {
            throw Failure(
                .failed,
                problems.joined(separator: "\n")
                    + "\nEnd what is listening there, or choose other addresses in the stack file. "
                    + "\(target.name) goes on as it is; nothing was changed")
        }
    }

    /// The real programs look at every file before the first one is replaced.
    private func checkFiles() async throws {
        for host in pending.change.hosts where host.kind == .changed && !host.files.isEmpty {
            guard let place = pending.host(host.host) else { continue }
            do {
                try await client.check(pending.next(for: host.host), on: place)
            } catch let refusal as RefusedFile {
                throw Failure(.failed, "\(words(refusal))\n\n\(target.name) goes on as it is; nothing was changed")
            } catch let error as StateError {
                throw Failure(.failed, "cannot check the new files of \(host.host): \(error)")
            }
        }
    }

    /// What a new version of the app needs first, once for all hosts. Nothing was changed yet when it fails.
    private func prepareApp() async throws {
        guard let running = pending.running, let host = running.stack.hosts(.app).first,
            let place = pending.host(host.name) ?? target.hosts(.app).first,
            pending.next(for: host.name).needsPreparation(after: pending.given[host.name])
        else { return }
        let start = ContinuousClock.now
        steps.note("prepare: \(target.app.prepare ?? "")")
        do {
            try await client.prepare(pending.next(for: place.name), on: place)
        } catch let error as StateError {
            throw Failure(
                .failed, "\(error)\n\n\(target.name) goes on as it is; nothing was changed. See: tandem logs prepare")
        }
        steps.done(place.name, "prepare done", seconds: (ContinuousClock.now - start) / .seconds(1))
    }

    /// Points into the stack file where it is known what the file came from.
    private func words(_ refusal: RefusedFile) -> String {
        let blueprint = try? pending.next(for: refusal.host).blueprint(host: refusal.host, folder: folder)
        let path =
            blueprint?.files.first { $0.name == refusal.file }.map {
                RefusalOrigin.path(
                    service: refusal.service, words: refusal.words, file: $0, settings: target.database.settings.keys)
            } ?? []
        return pending.project.diagnostic(
            "\(refusal.service.rawValue) refuses \(refusal.file) of \(refusal.host):\n\(refusal.words)", at: path)
    }

    /// All hosts that run at some moment of the change: what `down` and the keeper have to know of.
    private func together(_ running: AppliedStack) -> AppliedStack {
        var all = pending.target
        all.stack.hosts += running.stack.hosts.filter { host in
            !target.hosts.contains { $0.name == host.name }
        }
        return all
    }

    // MARK: - Databases that come and go

    private func databases(of stack: Stack, not other: Stack) -> [Host] {
        stack.hosts(.database).filter { host in !other.hosts(.database).contains { $0.name == host.name } }
    }

    /// Before anybody's settings leave the host out: an agent that reads the name of a host that it does not know takes
    /// etcd for gone.
    private func giveUpDatabase(_ host: Host, _ stack: Stack) async throws {
        let start = ContinuousClock.now
        do {
            try await client.stop(.mysql, on: host, timeout: .seconds(60))
            try await wait.released(host, by: stack)
        } catch let error as StateError {
            // It is away already, and does not count for long.
            steps.note("\(host.name): \(error)")
            try await wait.released(host, by: stack)
        }
        steps.done(host.name, "mysql stopped", seconds: (ContinuousClock.now - start) / .seconds(1))
    }

    /// To hosts that do not share a folder with us.
    private func giveCertificates(_ running: AppliedStack) async throws {
        for host in running.stack.hosts where target.hosts.contains(where: { $0.name == host.name }) {
            try await client.give(folder.certificates(of: host.name), to: host)
        }
    }

    // MARK: - One host

    /// - Returns: false when there was nothing to do.
    private func take(_ change: HostChange) async throws -> Bool {
        guard let host = pending.host(change.host) else { return false }
        let start = ContinuousClock.now
        var isNext = true
        if change.kind == .added {
            steps.note("starting \(host.name)")
        } else if pending.isOutdated(host.name) || change.kind == .changed {
            try await guardPair(change, host)
            try await client.give(pending.next(for: host.name), to: host, folder: folder)
        } else {
            // From an interrupted change.
            isNext = false
            let status = try? await client.status(of: host)
            guard status?.isSettled == false, status?.services.contains(where: { $0.state == .failed }) == false else {
                return false
            }
        }
        // The primary lets a new host copy its data only once it knows of it.
        let newcomers = pending.running.map { Set(databases(of: target, not: $0.stack).map(\.name)) } ?? []
        try await wait.settled(
            host, isNext ? pending.next(for: host.name) : pending.given[host.name] ?? pending.next(for: host.name),
            later: newcomers.contains(host.name) ? .mysql : nil)
        if host.has(.database) { try await wait.replicated(target, isComplete: false, besides: newcomers) }
        if change.services.contains(where: { $0.step == .restart && $0.service != "haproxy" }) {
            try await Task.sleep(for: Suspicion.pause)
        }
        steps.done(host.name, summary(change), seconds: (ContinuousClock.now - start) / .seconds(1))
        return true
    }

    private func summary(_ change: HostChange) -> String {
        if change.kind == .added {
            let started = change.services.filter { $0.step == .start }.map(\.service)
            return "started: \(started.joined(separator: ", "))"
        }
        let past: [(ChangeStep, String)] = [
            (.start, "started"), (.restart, "restarted"), (.reload, "reloaded"), (.refresh, "refreshed"),
            (.stop, "stopped"),
        ]
        let parts = past.compactMap { step, word in
            let names = change.services.filter { $0.step == step }.map(\.service)
            return names.isEmpty ? nil : "\(names.joined(separator: ", ")) \(word)"
        }
        return parts.isEmpty ? "nothing to restart" : parts.joined(separator: "; ")
    }

    /// Never both of a pair: what is restarted here must run elsewhere, where it has another place to run at all.
    private func guardPair(_ change: HostChange, _ host: Host) async throws {
        let own = try? await client.status(of: host)
        for service in change.services where service.step == .restart {
            guard own?.services.first(where: { $0.name == service.service })?.state == .running else { continue }
            try await LastInstanceCheck(stack: target, client: client).check(service.service, besides: host)
        }
    }

    private func remove(_ change: HostChange, last running: AppliedStack) async throws {
        guard let host = running.stack.hosts.first(where: { $0.name == change.host }) else { return }
        let start = ContinuousClock.now
        let removal = HostRemoval(folder: folder, client: client)
        await removal.stopServices(of: host, app: running.stack.app)
        // Interrupted, nothing was waited for: what still runs there is not to be swept away.
        try Task.checkCancellation()
        var left = together(running)
        left.stack.hosts.removeAll { $0.name == host.name }
        // The keeper lets its agent go.
        try StackPreparation.write(left, secrets: pending.secrets, folder: folder)
        await removal.finish(host, applied: running)
        steps.done(host.name, "left", seconds: (ContinuousClock.now - start) / .seconds(1))
        if host.has(.database) { steps.note("its data stays in \(folder.host(host.name))/data") }
    }

    // MARK: - When it does not work

    private func sayInterrupted(_ changed: [String]) {
        let done = changed.isEmpty ? "no host" : changed.joined(separator: ", ")
        Terminal.line(
            "interrupted: \(done) took up the change; the rest goes on as it was. To go on: tandem up")
    }

    private var stoppedMeanwhile: String {
        "\(target.name) was stopped while it was being changed. `tandem up` starts it with what the stack file says"
    }

    /// - Throws: always, with what went wrong and how things stand.
    private func putBack(_ changed: [String], running: AppliedStack, because error: any Error) async throws {
        if !changed.isEmpty { steps.note("putting back what was changed") }
        let problems = await RollBack(pending: pending, client: client, steps: steps).run(changed, running: running)
        var text = explanation(error)
        if problems.isEmpty {
            let names = changed.joined(separator: ", ")
            text += "\n\n\(changed.isEmpty ? "" : "\(names): put back. ")\(target.name) goes on as it was."
        } else {
            text += "\n\nNot everything could be put back:\n" + problems.joined(separator: "\n")
            text += "\nLook at: tandem status, tandem logs agent"
        }
        throw Failure(.failed, text)
    }

    private func explanation(_ error: any Error) -> String {
        switch error {
        case let failure as HostFailure:
            let what = failure.service.map { "\($0) on \(failure.host)" } ?? failure.host
            let log = failure.service.map { "\nSee all of its log: tandem logs \($0)" } ?? ""
            return "\(what) does not serve with the new settings:\n\(failure.reason)\(log)"
        case let refusal as RefusedFile: return words(refusal)
        case let failure as Failure: return failure.message
        default: return "\(error)"
        }
    }
}
