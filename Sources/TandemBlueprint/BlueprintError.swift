/// Why a stack cannot be turned into a blueprint. A validated stack never causes these; they are the last line of
/// defence against a value that would become a directive in a generated file.
public enum BlueprintError: Error, Equatable, CustomStringConvertible {
    /// A name or address with characters that names and addresses do not have.
    case notAName(value: String, use: String)
    /// A line break or another control character, which a configuration line cannot hold.
    case controlCharacter(value: String, file: String)
    /// Both kinds of quotation marks in a value of my.cnf, whose syntax cannot express that.
    case bothQuotationMarks(value: String)
    /// A key of `database.settings` that is no name of a setting.
    case notASetting(String)

    public var description: String {
        switch self {
        case .notAName(let value, let use):
            "cannot use \(String(reflecting: value)) as \(use): expected letters, digits, dots and hyphens; mend it in the stack file"
        case .controlCharacter(let value, let file):
            "cannot write \(String(reflecting: value)) into \(file): it has a line break or control character; take it out of the stack file or rename the folder"
        case .bothQuotationMarks(let value):
            "cannot write \(value) into my.cnf: a value there may have single or double quotation marks, not both; change it under database.settings"
        case .notASetting(let key):
            "cannot write \(String(reflecting: key)) into my.cnf: a setting's name has letters, digits, underscores and dots; mend it under database.settings"
        }
    }
}
