import Foundation
import Glibc
import TandemBlueprint

/// Whether this process works on one of a stack's hosts in the name of an operator, as root, with the folder that
/// operators leave there.
package enum OperatorMode {
    static let variable = "TANDEM_OPERATOR"

    package static var isOn: Bool {
        let environment = ProcessInfo.processInfo.environment
        guard getuid() == 0, geteuid() == 0, environment[variable] == "1" else { return false }
        return environment[AccountEnvironment.stateVariable]?.hasPrefix("\(HostPlaces.operatorParent)/") == true
    }

    /// In front of a command of this program on a host.
    package static func environment(stack: String) -> [String] {
        ["env", "\(variable)=1", "\(AccountEnvironment.stateVariable)=\(HostPlaces(stack: stack).operatorFolder)"]
    }
}
