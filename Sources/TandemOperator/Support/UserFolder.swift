import Foundation

/// Folders of the user who gives the command, as the XDG base directory specification names them.
enum UserFolder: String {
    case data = "XDG_DATA_HOME"
    case state = "XDG_STATE_HOME"

    var path: String {
        let environment = ProcessInfo.processInfo.environment
        // The specification has relative paths ignored.
        if let given = environment[rawValue], given.hasPrefix("/") { return given }
        let home = environment["HOME"] ?? NSHomeDirectory()
        return switch self {
        case .data: "\(home)/.local/share"
        case .state: "\(home)/.local/state"
        }
    }
}
