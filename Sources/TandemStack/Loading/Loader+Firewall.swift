extension Loader {
    /// nil where the file says nothing.
    mutating func firewall(in root: OpenSection) -> Firewall? {
        let section = open("firewall", of: root, as: Schema.firewall)
        guard let entry = section.entries["ssh"] else { return nil }
        let kind = Schema.Kind.networks
        let name = section.fullName("ssh")
        var items: [Tree] = []
        switch entry.value.content {
        case .refused: return nil
        case .sequence(let list): items = list
        case .scalar where !entry.value.isNothing: items = [entry.value]
        case .scalar, .mapping: break
        }
        if items.isEmpty {
            problems.add("\(name): \(kind.mismatch(entry.value.summary).message)", at: entry.value.position)
        }
        var networks: [Network] = []
        for item in items {
            if case .refused = item.content { continue }
            guard case .scalar(let scalar) = item.content, let network = Network(scalar.text) else {
                problems.add("\(name): \(kind.mismatch(item.summary).message)", at: item.position)
                continue
            }
            networks.append(network)
        }
        return Firewall(ssh: networks)
    }
}
