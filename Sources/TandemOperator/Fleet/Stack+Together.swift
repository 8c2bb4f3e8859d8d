import TandemStack

extension Stack {
    /// What root has to allow for while a change is taken up: every host, with the roles that it has and those that it
    /// is to have.
    /// - Parameter before: the hosts as they run.
    func together(with before: [Host], leaving: [Host]) -> Stack {
        var all = self
        for index in all.hosts.indices {
            let last = before.first { $0.name == all.hosts[index].name }?.roles ?? []
            all.hosts[index].roles += last.filter { !all.hosts[index].roles.contains($0) }
        }
        all.hosts += leaving
        return all
    }
}
