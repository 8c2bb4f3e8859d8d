<?php
// The other server does the same at the same moment.
require __DIR__ . '/database.php';

database('DATABASE_URL')->exec(
    'CREATE TABLE IF NOT EXISTS note (id BIGINT PRIMARY KEY AUTO_INCREMENT, body TEXT NOT NULL)'
);
