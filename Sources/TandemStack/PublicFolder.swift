/// Where the folders of `web: static` really lie is known only on the machine that serves them.
public enum PublicFolder {
    /// Whether serving a folder would publish a stack file's folder, or what Tandem keeps for a stack. Both are
    /// absolute, with links resolved.
    public static func isExposing(_ resolved: String, stackFolder: String) -> Bool {
        FilePath.isExposing(resolved, stackFolder: stackFolder)
    }
}
