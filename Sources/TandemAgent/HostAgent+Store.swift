import TandemBlueprint

extension HostAgent {
    var storeStanding: StoreStanding { get async { await store.standing } }

    /// Gives this host's vote up, because the host leaves the stack: its etcd ends, and its data is of no use any more.
    func leaveStore() async throws {
        try await store.leave()
        await stop(.etcd)
        try await store.setAside()
    }
}
