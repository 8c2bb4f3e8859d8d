import Foundation
import Glibc
import TandemBlueprint
import TandemServices
import TandemStack

/// The account that a host's app runs as beside the agent's own, as the agent finds it.
struct AppAccount: Sendable {
    let name: String
    let user: UInt32
    let home: String
    let launcher: LauncherPlace

    /// - Parameter isForAgent: whether this process is to start the app.
    /// - Returns: nil where the app runs as the agent's account.
    /// - Throws: `StateError` when the host is not prepared for it.
    static func find(_ given: AppliedHost, host name: String, isForAgent: Bool = true) throws -> AppAccount? {
        guard given.applied.hasAppAccount == true, try given.host(name).has(.app) else { return nil }
        let places = HostPlaces(stack: given.applied.stack.name)
        guard let entry = getpwnam(places.appAccount) else {
            throw StateError(
                "\(name) has no account \(places.appAccount), which its app runs as; run `tandem up` again")
        }
        let (user, group) = (entry.pointee.pw_uid, entry.pointee.pw_gid)
        guard !isForAgent || isMember(of: group) && access(places.published, W_OK) == 0 else {
            throw StateError(
                "the agent of \(name) was started before its app had the account \(places.appAccount): "
                    + "systemctl reload \(places.unit)")
        }
        return AppAccount(
            name: places.appAccount, user: user, home: places.appHome,
            launcher: LauncherPlace(socket: places.launcherSocket, group: group))
    }

    private static func isMember(of group: gid_t) -> Bool {
        let count = getgroups(0, nil)
        guard count > 0 else { return false }
        var groups = [gid_t](repeating: 0, count: Int(count))
        return getgroups(count, &groups) == count && groups.contains(group)
    }

    /// Puts the authority by which the app knows MySQL where its account may read it.
    static func publish(_ given: AppliedHost, host: String, folder: StackFolder) throws {
        guard given.applied.hasAppAccount == true, try given.host(host).has(.app) else { return }
        let own = folder.ownLayout(host: host, applied: given.applied).caFile
        guard let authority = CertificateFiles.text(own) else { throw StateError.file("read", own) }
        try AtomicFile.write(
            authority, to: folder.layout(host: host, applied: given.applied).publicCAFile, mode: 0o644)
    }
}
