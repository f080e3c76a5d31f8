-- Hours that a backup is behind what is stored.
INSERT INTO alert_rules (kind, threshold, cooldown_seconds, is_enabled) VALUES ('backup_failing', 24, 86400, true)
ON CONFLICT DO NOTHING;
