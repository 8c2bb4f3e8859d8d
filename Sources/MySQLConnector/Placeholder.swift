enum MySQLConnectorPlaceholder {}
