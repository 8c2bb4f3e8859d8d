/// A host as the file has it, before those without an address get one.
private struct HostDraft {
    var name: String
    var position: Position
    var address: String?
    var addressPosition: Position
    var roles: [Role]
    var ssh: Found<String>?
    /// Its address was refused, so nothing follows from it.
    var isBroken: Bool

    var isOnLoopback: Bool { address?.hasPrefix("127.") ?? true }
}

extension Loader {
    /// - Returns: with what OpenSSH is given to reach those hosts that say so, by their names.
    mutating func hosts(in root: OpenSection, stack: String) -> (hosts: [Host], ssh: [String: SSHDestination]) {
        guard let key = root.schema.key("hosts") else { return ([], [:]) }
        let position = root.entries["hosts"]?.position ?? root.position
        guard let tree = root.entries["hosts"]?.value ?? preset(key) else { return ([], [:]) }
        if case .refused = tree.content { return ([], [:]) }
        let entries = entries(of: tree, kind: key.kind, name: "hosts")
        guard !entries.isEmpty else {
            if case .mapping(let all) = tree.content, all.isEmpty {
                problems.add(
                    "hosts is empty; leave it out for \(Schema.defaultHostNames), or name a host", at: position)
            }
            return ([], [:])
        }
        let drafts = entries.map { draft($0) }
        // A misspelt role is told once, not again as the role that is missing.
        if drafts.allSatisfy({ !$0.roles.isEmpty }) {
            checkRoles(drafts, at: position)
            checkVoters(drafts)
        }
        checkPlaces(drafts)
        checkAddresses(drafts)
        checkSSH(drafts)
        let destinations = drafts.compactMap { draft in
            draft.ssh.flatMap { SSHDestination($0.value) }.map { (draft.name, $0) }
        }
        let hosts = addressed(drafts, stack: stack, at: position)
        // A name that is there twice was refused when the file was read.
        return (hosts, Dictionary(destinations) { first, _ in first })
    }

    /// A host without an address is this machine, and nobody logs in there.
    private mutating func checkSSH(_ drafts: [HostDraft]) {
        for draft in drafts where draft.isOnLoopback && !draft.isBroken {
            guard let ssh = draft.ssh else { continue }
            let what = draft.address.map { "the loopback address \($0)" } ?? "no address"
            problems.add(
                "hosts.\(draft.name).ssh: \(draft.name) has \(what), so it runs on this machine; leave 'ssh' out, or give it "
                    + "the address at which the other hosts reach it",
                at: ssh.position)
        }
    }

    private func preset(_ key: Schema.Key) -> Tree? {
        var none = Problems()
        return key.preset(onLoopback: true).flatMap { TreeReader.read($0, problems: &none) }
    }

    private mutating func draft(_ entry: Tree.Entry) -> HostDraft {
        let isNamed = Grammar.isLabel(entry.key)
        if !isNamed {
            let hint = Grammar.label(like: entry.key).map { "; did you mean \($0.quoted)?" } ?? ""
            problems.add(
                "hosts: expected a name of 1 to 63 lower-case letters, digits and hyphens that begins with a letter, "
                    + "found \(entry.key.quoted)\(hint)",
                at: entry.position)
        }
        let path = isNamed ? "hosts.\(entry.key)" : "hosts.NAME"
        let section = open(entry.value, as: Schema.host, path: path, at: entry.position)
        let address = optionalText("address", in: section)
        return HostDraft(
            name: entry.key, position: entry.position, address: address?.value,
            addressPosition: address?.position ?? entry.position, roles: roles(in: section),
            ssh: optionalText("ssh", in: section),
            isBroken: address == nil && (section.entries["address"] != nil || section.isExcused("address")))
    }

    /// In the order of `Role.allCases`; empty where they were refused.
    private mutating func roles(in section: OpenSection) -> [Role] {
        guard let key = section.schema.key("roles") else { return [] }
        guard let entry = section.entries["roles"] else {
            addMissing("roles", in: section)
            return []
        }
        let name = section.fullName("roles")
        var items: [Tree] = []
        switch entry.value.content {
        case .refused: return []
        case .sequence(let list): items = list
        case .scalar where !entry.value.isNothing: items = [entry.value]
        case .scalar, .mapping: break
        }
        if items.isEmpty {
            problems.add("\(name): \(key.kind.mismatch(entry.value.summary).message)", at: entry.value.position)
        }
        var roles: Set<Role> = []
        var isFine = true
        for item in items {
            guard let role = role(item, name: name) else {
                isFine = false
                continue
            }
            if !roles.insert(role).inserted {
                problems.add("\(name): '\(role.rawValue)' is in the list twice", at: item.position)
            }
        }
        return isFine ? Role.allCases.filter(roles.contains) : []
    }

    private mutating func role(_ item: Tree, name: String) -> Role? {
        let kind = Schema.Kind.choice(Role.allCases.map(\.rawValue))
        switch item.content {
        case .refused: return nil
        case .scalar(let scalar):
            guard case .text(let text)? = read(scalar, as: kind, name: name, at: item.position) else { return nil }
            return Role(rawValue: text)
        case .sequence, .mapping:
            problems.add("\(name): \(kind.mismatch(item.summary).message)", at: item.position)
            return nil
        }
    }

    private mutating func checkRoles(_ drafts: [HostDraft], at position: Position) {
        for role in Role.required where !drafts.contains(where: { $0.roles.contains(role) }) {
            problems.add("hosts: no host has the role '\(role.rawValue)'; at least one is needed", at: position)
        }
    }

    /// Where the file names no witness, the number is right by itself; see `Stack.voters`.
    private mutating func checkVoters(_ drafts: [HostDraft]) {
        let witnesses = drafts.filter { $0.roles.contains(.witness) }
        guard let first = witnesses.first else { return }
        for draft in witnesses where draft.roles.contains(.database) {
            problems.add(
                "hosts.\(draft.name).roles: a host with the role database votes already; leave 'witness' to hosts without it",
                at: draft.position)
        }
        let voters = drafts.filter { $0.roles.contains(.database) || $0.roles.contains(.witness) }
        let names = voters.map(\.name)
        let shown = names.count <= 8 ? " (\(names.joined(separator: ", ")))" : ""
        if voters.count > Stack.mostVoters {
            problems.add(
                "hosts: \(voters.count) hosts would vote\(shown), those with the roles database and witness; expected at most "
                    + "\(Stack.mostVoters): take 'witness' away from some, or from all of them",
                at: first.position)
        } else if voters.count.isMultiple(of: 2) {
            problems.add(
                "hosts: \(voters.count) hosts would vote\(shown), those with the roles database and witness; expected an odd "
                    + "number, so that no half can stand against the other: give 'witness' to one host more or to one fewer",
                at: first.position)
        }
    }

    /// Processes on 127.x.y.z can be reached from this machine only.
    private mutating func checkPlaces(_ drafts: [HostDraft]) {
        guard let remote = drafts.first(where: { !$0.isOnLoopback && !$0.isBroken }) else { return }
        for draft in drafts where draft.isOnLoopback && !draft.isBroken {
            let what = draft.address.map { "has the loopback address \($0)" } ?? "has no address"
            problems.add(
                "hosts.\(draft.name) \(what), but \(remote.name) (line \(remote.position.line)) has \(remote.address ?? ""); "
                    + "expected all hosts on this machine, or all on the network",
                at: draft.addressPosition)
        }
    }

    private mutating func checkAddresses(_ drafts: [HostDraft]) {
        var owners: [String: HostDraft] = [:]
        for draft in drafts {
            guard let address = draft.address else { continue }
            if let owner = owners[address] {
                problems.add(
                    "hosts.\(draft.name).address: \(address) belongs to \(owner.name) already (line "
                        + "\(owner.addressPosition.line)); expected an address of its own",
                    at: draft.addressPosition)
            } else {
                owners[address] = draft
            }
        }
    }

    private mutating func addressed(_ drafts: [HostDraft], stack: String, at position: Position) -> [Host] {
        var addresses = LoopbackAddresses(stack: stack, taken: Set(drafts.compactMap(\.address)))
        let isOnLoopback = drafts.allSatisfy(\.isOnLoopback)
        if isOnLoopback, drafts.count > LoopbackAddresses.hostLimit {
            let place = drafts[LoopbackAddresses.hostLimit].position
            problems.add(
                "hosts: \(drafts.count) hosts on this machine; expected at most \(LoopbackAddresses.hostLimit) where "
                    + "hosts have no addresses on the network",
                at: place)
        }
        let drafts = drafts.prefix(isOnLoopback ? LoopbackAddresses.hostLimit : drafts.count)
        var kept: [String: String] = [:]
        for draft in drafts where draft.address == nil {
            if let last = lastAddresses[draft.name], addresses.keep(last) { kept[draft.name] = last }
        }
        return drafts.map { draft in
            let address =
                draft.address ?? kept[draft.name] ?? addresses.next(isBalancerOnly: draft.roles.areOfBalancerOnly)
            return Host(name: draft.name, address: address, roles: draft.roles)
        }
    }
}
