import TandemStack

extension HostChange {
    /// What lies between two versions of one host; nil stands for a host that is not there.
    ///
    /// The agent that carries it out looks at fingerprints of what really runs, by the same rule: `ChangeStep.init`.
    public init(from old: HostVersion?, to new: HostVersion?, layout: Layout) {
        let oldServices = old?.blueprint.services ?? []
        let newServices = new?.blueprint.services ?? []
        var services = newServices.map { service -> ServiceChange in
            guard let old, let new, let before = oldServices.first(where: { $0.statusName == service.statusName })
            else {
                return ServiceChange(service: service.statusName, step: .start)
            }
            return ServiceDifference(old: old, new: new, before: before, after: service, layout: layout).change
        }
        let staying = Set(newServices.map(\.statusName))
        services += oldServices.reversed().filter { !staying.contains($0.statusName) }.map {
            ServiceChange(service: $0.statusName, step: .stop)
        }
        services += Self.jobs(from: old, to: new, layout: layout)
        services += Self.alertCommand(from: old, to: new, layout: layout)
        let files = Self.files(from: old?.blueprint.files ?? [], to: new?.blueprint.files ?? [])
        let kind: Kind =
            if old == nil {
                .added
            } else if new == nil {
                .removed
            } else {
                services.contains { $0.step != .nothing } || !files.isEmpty ? .changed : .unchanged
            }
        self.init(host: new?.name ?? old?.name ?? "", kind: kind, services: services, files: files)
    }

    /// Jobs are taken up in place: a run that is under way goes on as it began.
    private static func jobs(from old: HostVersion?, to new: HostVersion?, layout: Layout) -> [ServiceChange] {
        let before = old?.blueprint.jobs ?? []
        let after = new?.blueprint.jobs ?? []
        let staying = after.map { job -> ServiceChange in
            let schedule = "at \(job.schedule.text) UTC"
            guard let old, let new, let last = before.first(where: { $0.name == job.name }) else {
                return ServiceChange(service: job.name, step: .refresh, reasons: ["new", schedule])
            }
            let difference = ServiceDifference(
                old: old, new: new, before: last.service, after: job.service, layout: layout)
            var reasons = difference.restartReasons
            if last.schedule != job.schedule { reasons.append(schedule) }
            if last.timeoutSeconds != job.timeoutSeconds { reasons.append("timeout") }
            return ServiceChange(service: job.name, step: reasons.isEmpty ? .nothing : .refresh, reasons: reasons)
        }
        let leaving = before.filter { job in !after.contains { $0.name == job.name } }
        return staying + leaving.map { ServiceChange(service: $0.name, step: .stop) }
    }

    /// Taken up in place, too: the next message runs the new one.
    private static func alertCommand(from old: HostVersion?, to new: HostVersion?, layout: Layout) -> [ServiceChange] {
        let before = old?.blueprint.alertCommand
        guard let after = new?.blueprint.alertCommand else {
            return before.map { [ServiceChange(service: $0.statusName, step: .stop)] } ?? []
        }
        guard let old, let new, let before else {
            return [ServiceChange(service: after.statusName, step: .refresh, reasons: ["new"])]
        }
        let reasons = ServiceDifference(old: old, new: new, before: before, after: after, layout: layout).restartReasons
        return [
            ServiceChange(service: after.statusName, step: reasons.isEmpty ? .nothing : .refresh, reasons: reasons)
        ]
    }

    private static func files(from old: [FileBlueprint], to new: [FileBlueprint]) -> [FileChange] {
        let paths = (old + new).map(\.path).uniqued
        return paths.compactMap { path in
            let before = old.first { $0.path == path }
            let after = new.first { $0.path == path }
            let difference = LineDifference(from: before?.contents ?? "", to: after?.contents ?? "").unified()
            guard !difference.isEmpty, let name = (after ?? before)?.name else { return nil }
            return FileChange(name: name, difference: difference)
        }
    }
}

/// What one service that stays needs.
private struct ServiceDifference {
    let old: HostVersion
    let new: HostVersion
    let before: ServiceBlueprint
    let after: ServiceBlueprint
    let layout: Layout

    var change: ServiceChange {
        var reasons = restartReasons
        let before = files(old)
        let after = files(new)
        let isPlacedAnew = self.before.placement != self.after.placement
        let step = ChangeStep(
            hasNewCommand: !reasons.isEmpty, hasNewConfiguration: before.configuration != after.configuration,
            hasNewInPlace: before.inPlace != after.inPlace || isPlacedAnew,
            canReload: self.after.reloadSignal != nil)
        if isPlacedAnew { reasons.append("on: \((self.after.placement ?? .all).rawValue)") }
        if reasons.isEmpty {
            reasons += changedConfigurations
            if hasNewCertificate { reasons.append("certificate") }
        }
        return ServiceChange(service: self.after.statusName, step: step, reasons: reasons)
    }

    private func files(_ version: HostVersion) -> ServiceFiles {
        ServiceFiles(
            service: after.name,
            file: layout.configurationFiles(of: after.name).map { version.file($0)?.contents ?? "" }.joined(
                separator: "\n"),
            certificates: layout.certificateFiles(of: after.name).map { version.certificates[$0] ?? "" })
    }

    fileprivate var restartReasons: [String] {
        var reasons: [String] = []
        if before.command.first != after.command.first {
            reasons.append("program")
        } else if before.command != after.command {
            reasons.append("command")
        }
        if before.workingDirectory != after.workingDirectory { reasons.append("working directory") }
        let names = Set(before.environment.keys).union(after.environment.keys).sorted()
        reasons += names.filter { before.environment[$0] != after.environment[$0] }.map { "environment \($0)" }
        reasons += names.filter { before.environment[$0] == after.environment[$0] }.filter { name in
            secrets(after.environment[name]).contains { old.secrets[$0] != new.secrets[$0] }
        }.map { "secret \($0)" }
        if before.sockets != after.sockets { reasons.append("front sockets") }
        return reasons
    }

    private func secrets(_ value: EnvironmentValue?) -> [String] {
        (value?.parts ?? []).compactMap { if case .secret(let name) = $0 { name } else { nil } }
    }

    /// The names of files that mean something else than before.
    private var changedConfigurations: [String] {
        layout.configurationFiles(of: after.name).compactMap { path in
            guard let file = new.file(path) else { return nil }
            let last = old.file(path)?.contents ?? ""
            return FileBlueprint.effective(last) == FileBlueprint.effective(file.contents) ? nil : file.name
        }
    }

    private var hasNewCertificate: Bool {
        layout.certificateFiles(of: after.name).contains { old.certificates[$0] != new.certificates[$0] }
    }
}
