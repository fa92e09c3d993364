-- What v0.1's schema-upgrade recorded of its two steps, as it stood in the database.
CREATE TABLE `balrog_schema` (
  `version` int(11) NOT NULL,
  `name` varchar(100) NOT NULL,
  `phase` varchar(20) NOT NULL,
  `checksum` char(64) NOT NULL COMMENT 'SHA-256 of the file',
  `applied_at` bigint(20) DEFAULT NULL COMMENT 'ms; NULL: begun and not finished',
  `balrog_version` varchar(50) NOT NULL,
  PRIMARY KEY (`version`,`phase`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `balrog_schema` VALUES
(1,'initial','additive','e646c99895bc655167ceadb78b65963186f59704b62a352ef0c566f20b8eebec',1795400401000,'0.1'),
(2,'release_history','additive','9d801b8cc4f53bc6960a88b64ca5235c72a315a9a98af14b561ed435b656b78c',1795400401000,'0.1');
