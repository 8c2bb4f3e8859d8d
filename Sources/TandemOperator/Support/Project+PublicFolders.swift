import Foundation
import TandemAgent
import TandemStack

extension Project {
    /// Refuses folders of `web: static` that lead, by links, to where keys and passwords lie.
    ///
    /// - Throws: `StackFileProblems`.
    package func checkPublicFolders() throws {
        let own = Self.withoutLinks((stackFile as NSString).deletingLastPathComponent)
        let problems = stack.web.publicFolders.compactMap { place -> StackFileProblems.Problem? in
            let folder = Self.withoutLinks(place)
            guard PublicFolder.isExposing(folder, stackFolder: own) else { return nil }
            return .init(
                path: ["web", "static"],
                message:
                    "web.static: '\(place)' leads to '\(folder)', which would show the stack file or the keys beside it "
                    + "to everyone; expected a folder of public files, such as 'public'")
        }
        if !problems.isEmpty { throw StackFileProblems(problems: problems) }
    }

    private static func withoutLinks(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }
}
