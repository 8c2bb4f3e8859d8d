import Foundation
import Glibc
import TandemStack

/// The environment that a command goes on with once root is given up. What root's own holds is root's.
package struct AccountEnvironment {
    var account: UserAccount
    package var file: RootStackFile?
    /// What the file says, where it is root's.
    var own: RootStackFile.Contents?
    package var environment = ProcessInfo.processInfo.environment

    package init(
        account: UserAccount, file: RootStackFile? = nil, own: RootStackFile.Contents? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        self.account = account
        self.file = file
        self.own = own
        self.environment = environment
    }

    /// Where the state of a stack of root's lies.
    package static let stateVariable = "TANDEM_STATE"
    /// The stack file that root has found.
    static let fileVariable = "TANDEM_STACK_FILE"
    /// Tells the step of a command that is to give up root from the one that root itself does.
    package static let stepVariable = "TANDEM_ROOT_STEP"

    private static let passed: Set = [
        "LANG", "LANGUAGE", "TERM", "COLORTERM", "NO_COLOR", "TZ", "COLUMNS", "LINES", "TANDEM_ENGINES",
        stepVariable,
    ]

    package var variables: [String: String] {
        var result = environment.filter { Self.passed.contains($0.key) || $0.key.hasPrefix("LC_") }
        result["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        result["HOME"] = account.home
        result["USER"] = account.name
        result["LOGNAME"] = account.name
        result["SHELL"] = "/bin/sh"
        result[Self.stepVariable] = result[Self.stepVariable] ?? "account"
        if let file, file.isFound { result[Self.fileVariable] = file.path }
        if let name = own?.name { result[Self.stateVariable] = StackAccount(stack: name).folder }
        for variable in named { result[variable] = environment[variable] }
        return result
    }

    /// Variables that a stack file of root's asks for. Another user's asks in vain: to name one would be to learn it.
    private var named: [String] {
        (own?.stack?.secretSources ?? [:]).values.compactMap { source in
            if case .environment(let variable) = source { variable } else { nil }
        }
    }
}
