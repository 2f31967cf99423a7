-- A key store as Countersign of commit 86f1564 made it, by its own key store and administrators; written out by sqlite3, in the SQL that
-- SQLite and PostgreSQL share. Its secrets are of this fixture alone.
BEGIN TRANSACTION;
CREATE TABLE IF NOT EXISTS "kysely_migration" ("name" varchar(255) not null primary key, "timestamp" varchar(255) not null);
INSERT INTO kysely_migration VALUES('0001-first','2026-11-27T21:57:40.784Z');
CREATE TABLE IF NOT EXISTS "kysely_migration_lock" ("id" varchar(255) not null primary key, "is_locked" integer default 0 not null);
INSERT INTO kysely_migration_lock VALUES('migration_lock',0);
CREATE TABLE IF NOT EXISTS "organisation" ("id" text primary key, "kind" text not null, "name" text not null, "created_at" bigint not null);
INSERT INTO organisation VALUES('acme','organisation','Acme',1780272000000);
INSERT INTO organisation VALUES('other','organisation','Other',1780272000000);
CREATE TABLE IF NOT EXISTS "administrator" ("id" text primary key, "organisation_id" text references "organisation" ("id"), "name" text not null, "role" text not null, "token_hash" text not null, "created_at" bigint not null, "disabled_at" bigint not null);
INSERT INTO administrator VALUES('yyafXjK3lr61',NULL,'op','operator','scrypt$32768$8$1$yux131VyhWkC5ew0aEmbPg$Nbel7G8n0lhi3wTXzmKD_hm5Fe8pyop-BYjhnH7M_tI',1780272000000,0);
INSERT INTO administrator VALUES('RthcLmBT76gU','acme','adm','admin','scrypt$32768$8$1$20njVphsiQ2Cfgjuqx7nhg$qd-QSjybB6lBp378uSN2X4A3Jrrcq6w41OPeGxd32mQ',1780272000000,0);
INSERT INTO administrator VALUES('53t7JrxDQh0O','acme','aud','auditor','scrypt$32768$8$1$FB-GIF72PcDlmAtM9wDeBA$wUjYMghTHPI7xjZ4_UyGj4leji7hRlY03HjCuyYjOBQ',1780272000000,0);
CREATE TABLE IF NOT EXISTS "session" ("id_hash" text primary key, "administrator_id" text not null references "administrator" ("id"), "expires_at" bigint not null);
CREATE TABLE IF NOT EXISTS "api_key" ("id" text primary key, "organisation_id" text not null references "organisation" ("id"), "name" text not null, "fund_id" text not null, "wallet_id" text not null, "scheme" text not null, "public_key" text not null, "sealed_passphrase" text not null, "permissions" text not null, "addresses" text not null, "labels" text not null, "state" text not null, "imported" integer not null, "short_secret" integer not null, "expires_at" bigint not null, "created_at" bigint not null, "updated_at" bigint not null, "last_used_at" bigint not null);
INSERT INTO api_key VALUES('csk_DWMX9pprQow4GfW95UTl3E7OE6','acme','Plain','','','qredo-v1','','','["balance"]','[]','{}','active',0,0,0,1780272000000,1780272000000,1780272001000);
INSERT INTO api_key VALUES('csk_Y54I3Vur19lQxg0vO2NT0QPTsT','acme','Narrowed','F1','W1','qredo-v1','','','["web3"]','["10.0.0.0/8"]','{"team":"a"}','active',0,0,4070908800000,1780272000000,1780272000000,0);
INSERT INTO api_key VALUES('csk_VHuXEo4FteoY2tQdIJuH0hFLL5','acme','Rotated','','','qredo-v1','','','[]','[]','{}','active',0,0,0,1780272000000,1780272001000,0);
INSERT INTO api_key VALUES('csk_ZSmtL1y91tjJNkt5tmys3KQytf','other','Revoked','','','qredo-v1','','','[]','[]','{}','revoked',0,0,0,1780272001000,1780272001000,0);
INSERT INTO api_key VALUES('csk_aot2AqRRPIqjETfnstbc0SUp3O','acme','Partner','','','qredo-partner','-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA3BNd2GQcgUe3MVHSvuP9
jWw1smXGmcF6JS/5eW8vEj7FOnQ5e/nf7paH4I19g4WG/y1d4tAO1NKIYXAEhz9c
2fGyJVdQeybKBevj8kkJcfl/rKPkfiAoFyic2r8JsE0s173k1LxEON/HF3jl+D9C
q2UoPi35l4MwpEA7v8F9yIGeP+BYlcKxcLR9c1N1dHrHJ8/K6EIxG28UikyOiWGA
xZX2U8wOidjWYTR8Id4qJmRbZmQtt9tvi8BR/nek5PXpf89HNJC6RoCIwSmtjr1Z
9h26c0qArA1YJoqoBaLoZAmbGhRYn9nJE60/bB0RP77vKqZbJULJebR1F3FVfmE0
wQIDAQAB
-----END PUBLIC KEY-----
','','[]','[]','{}','active',0,0,0,1780272001000,1780272001000,0);
INSERT INTO api_key VALUES('csk_E7VZXelGtkeib6jPwJx41fg0pt','acme','Coinbase','','','coinbase-exchange','','v1.12be468c.5459afgD-3-dqcYYtl35-ySEo5Qi8LI_dcCOy-Xk5M0YnaEJ2JQnerYzFSv1TVIwdlk','[]','[]','{}','active',0,0,0,1780272001000,1780272001000,0);
CREATE TABLE IF NOT EXISTS "key_secret" ("id" text primary key, "key_id" text not null references "api_key" ("id"), "sealed" text not null, "created_at" bigint not null, "expires_at" bigint not null);
INSERT INTO key_secret VALUES('7c8ad227-328a-4eed-947e-51d7fcdd7d3b','csk_DWMX9pprQow4GfW95UTl3E7OE6','v1.12be468c.wEDyuIpbhrUwN6XE94L6AS5gflMzorvW2j9GtbyaEAjvkhHmPJ31bOv6ynfpYAA-FjGZLl8G-dnsOl0HHLj7FHtMBVT5jKp7p4vHOmBvOMSX8Ig6WGmD0Q',1780272000000,0);
INSERT INTO key_secret VALUES('58048901-66b3-4031-8b43-195959ba8e73','csk_Y54I3Vur19lQxg0vO2NT0QPTsT','v1.12be468c.J-i3pHaSW6IhuLmpuT5gD_p_6WPFmLipwXDvWyQNpqFjs3a7IuTBFyVqJ4wadJLhwQFK67AaCGDAbOAZRfgp-7PiSBJYI2_3XkzMDq2HBqqjrHWDBIm3cA',1780272000000,0);
INSERT INTO key_secret VALUES('cd61b3b2-828e-469e-bf05-54e128478fc4','csk_VHuXEo4FteoY2tQdIJuH0hFLL5','v1.12be468c.ZdUK6va_7RvyCa8A52pzvXUN162oNfydLn1t7lxGy2gf_KJDftazKL-6E_MnMHBoUHXU_AcTXSmDhHNC4lyuw5EME9qg6Q8B3mpfWpQG0Zv-vQ9d5DBRTg',1780272000000,1780358401000);
INSERT INTO key_secret VALUES('81e7f9fd-e059-4d46-bc7d-1721b9e22f1c','csk_VHuXEo4FteoY2tQdIJuH0hFLL5','v1.12be468c.0BK1mr3VuDT5RxOakGKYQZdsgSkVRFo9PTxgLCt_Y6HP4baHbOU655xSCTWFSGy9TWGa010vXg-dbkzB83bPAjZhV8mU-y40I8i-bX7HesVuhmhKYQDL_Q',1780272001000,0);
INSERT INTO key_secret VALUES('d2d91d0e-b0d5-43c0-84d3-cbb046e12c15','csk_ZSmtL1y91tjJNkt5tmys3KQytf','v1.12be468c.bp5zzVWs7V1Ld_2Fx4R0Z1bYeIO3JaZfXb9tbA4NphyLDwsLEFsLI4-pKUvkAJ1n--pTNPFmZuQfhRyhOFDwSYbVF4G_8WiFroRwpv6_T7U_HYiQiKjhig',1780272001000,0);
INSERT INTO key_secret VALUES('8069eca4-268c-405a-9e2e-d96038d31b33','csk_E7VZXelGtkeib6jPwJx41fg0pt','v1.12be468c.cow0Wi-k34EBDba65Kn-fExRtmLl1sVHKRV1sEz4N5Ff5-Z013mVem7skeGLOFwEyhpsCBzjV9NxsQCvohwL_lRn7gBCtXDxbD9qAn-s1zPwipCpD0swzw',1780272001000,0);
CREATE TABLE IF NOT EXISTS "audit" ("sequence" bigint primary key, "at" bigint not null, "actor" text not null, "organisation_id" text not null, "action" text not null, "subject" text not null, "address" text not null, "detail" text not null, "previous_hash" text not null, "hash" text not null);
INSERT INTO audit VALUES(1,1780272000000,'Alice','acme','organisation.create','acme','192.0.2.1','{"name":"Acme","kind":"organisation"}','0000000000000000000000000000000000000000000000000000000000000000','c480bdcffa50af063d0b49e730ec969b0ca88afef4ceecd8f78bcbfadeb6cff2');
INSERT INTO audit VALUES(2,1780272000000,'Alice','other','organisation.create','other','192.0.2.1','{"name":"Other","kind":"organisation"}','c480bdcffa50af063d0b49e730ec969b0ca88afef4ceecd8f78bcbfadeb6cff2','ae81298f29a5fcecff5652eeb5a91f17487d7de1e8cc3db4de0c26655659f307');
INSERT INTO audit VALUES(3,1780272000000,'Alice','','administrator.create','yyafXjK3lr61','192.0.2.1','{"name":"op","role":"operator"}','ae81298f29a5fcecff5652eeb5a91f17487d7de1e8cc3db4de0c26655659f307','b0583b07690d3bb3147c7bdea9f02f09c45666eda47083482b0b5049536f9974');
INSERT INTO audit VALUES(4,1780272000000,'Alice','acme','administrator.create','RthcLmBT76gU','192.0.2.1','{"name":"adm","role":"admin"}','b0583b07690d3bb3147c7bdea9f02f09c45666eda47083482b0b5049536f9974','31b9b1e8694287834081a620c8879f77ff55b2b4ccbdf53b37b135dc3e410951');
INSERT INTO audit VALUES(5,1780272000000,'Alice','acme','administrator.create','53t7JrxDQh0O','192.0.2.1','{"name":"aud","role":"auditor"}','31b9b1e8694287834081a620c8879f77ff55b2b4ccbdf53b37b135dc3e410951','b5380512a589dc4230cda013f3ccd1c9ed48c4a948d0d8f10b6f7178de7982bf');
INSERT INTO audit VALUES(6,1780272000000,'Alice','acme','key.create','csk_DWMX9pprQow4GfW95UTl3E7OE6','192.0.2.1','{"name":"Plain","scheme":"qredo-v1","permissions":["balance"],"fundId":"","walletId":""}','b5380512a589dc4230cda013f3ccd1c9ed48c4a948d0d8f10b6f7178de7982bf','632a31de2aff9960bf5eab473f3c78bdc3586182bada1cf4b63bb1ecb0b803dd');
INSERT INTO audit VALUES(7,1780272000000,'Alice','acme','key.create','csk_Y54I3Vur19lQxg0vO2NT0QPTsT','192.0.2.1','{"name":"Narrowed","scheme":"qredo-v1","permissions":["web3"],"fundId":"F1","walletId":"W1"}','632a31de2aff9960bf5eab473f3c78bdc3586182bada1cf4b63bb1ecb0b803dd','ae4125dff845bee554088aa38a8ed5e06753109610ba4d844fd948f4fd8c35bf');
INSERT INTO audit VALUES(8,1780272000000,'Alice','acme','key.create','csk_VHuXEo4FteoY2tQdIJuH0hFLL5','192.0.2.1','{"name":"Rotated","scheme":"qredo-v1","permissions":[],"fundId":"","walletId":""}','ae4125dff845bee554088aa38a8ed5e06753109610ba4d844fd948f4fd8c35bf','66b3afe47cb6689d56fc7ac3365d67822f27f90dad49cf614c40c997bc2c1be5');
INSERT INTO audit VALUES(9,1780272001000,'Alice','acme','key.rotate','csk_VHuXEo4FteoY2tQdIJuH0hFLL5','192.0.2.1','{"secret":"81e7f9fd-e059-4d46-bc7d-1721b9e22f1c","overlapSeconds":86400}','66b3afe47cb6689d56fc7ac3365d67822f27f90dad49cf614c40c997bc2c1be5','5855dd175033880dba51c3487a4031c4d601001975362c84310da4dcdafc270d');
INSERT INTO audit VALUES(10,1780272001000,'Alice','other','key.create','csk_ZSmtL1y91tjJNkt5tmys3KQytf','192.0.2.1','{"name":"Revoked","scheme":"qredo-v1","permissions":[],"fundId":"","walletId":""}','5855dd175033880dba51c3487a4031c4d601001975362c84310da4dcdafc270d','632a7ba2515857f27e4c4f83c2328ab38fbd24fc779e5ec5b9a9cf4ac69c4efd');
INSERT INTO audit VALUES(11,1780272001000,'Alice','other','key.revoke','csk_ZSmtL1y91tjJNkt5tmys3KQytf','192.0.2.1','{}','632a7ba2515857f27e4c4f83c2328ab38fbd24fc779e5ec5b9a9cf4ac69c4efd','6e330d2e931a83c85f0c1e08d82a99312a98541f3e20ed8ac81888c9e0705b01');
INSERT INTO audit VALUES(12,1780272001000,'Alice','acme','key.create','csk_aot2AqRRPIqjETfnstbc0SUp3O','192.0.2.1','{"name":"Partner","scheme":"qredo-partner","permissions":[],"fundId":"","walletId":""}','6e330d2e931a83c85f0c1e08d82a99312a98541f3e20ed8ac81888c9e0705b01','281a918fb0c1f5b1323bb225f78d65449e21ebd3d431f19e99122b270ff5b41e');
INSERT INTO audit VALUES(13,1780272001000,'Alice','acme','key.create','csk_E7VZXelGtkeib6jPwJx41fg0pt','192.0.2.1','{"name":"Coinbase","scheme":"coinbase-exchange","permissions":[],"fundId":"","walletId":""}','281a918fb0c1f5b1323bb225f78d65449e21ebd3d431f19e99122b270ff5b41e','fd0ef52bb7c47eb676fc879b7ef18c22220c404e54396b4c656da68ca782f9c4');
INSERT INTO audit VALUES(14,1780272001000,'server','acme','request.refused','csk_DWMX9pprQow4GfW95UTl3E7OE6','','{"code":"bad-signature","title":"Not authenticated","count":1,"samples":[{"at":"2026-06-01T00:00:01.000Z","method":"GET","path":"/x","address":"192.0.2.9"}]}','fd0ef52bb7c47eb676fc879b7ef18c22220c404e54396b4c656da68ca782f9c4','8b845a96c98103af919316c71d40932baac7176f045142205dfd5a992f731357');
CREATE TABLE IF NOT EXISTS "audit_head" ("id" integer primary key, "sequence" bigint not null, "hash" text not null);
INSERT INTO audit_head VALUES(1,14,'8b845a96c98103af919316c71d40932baac7176f045142205dfd5a992f731357');
CREATE TABLE IF NOT EXISTS "setting" ("name" text primary key, "value" text not null);
INSERT INTO setting VALUES('seal-canary','v1.12be468c.K9YBnquKEVudCzBQ_NyotNhce2nYauKCp7rbHYA32faAsj86hKAx');
CREATE INDEX "api_key_of" on "api_key" ("organisation_id", "created_at", "id");
CREATE INDEX "key_secret_of" on "key_secret" ("key_id");
CREATE INDEX "audit_of" on "audit" ("organisation_id", "sequence");
CREATE INDEX "audit_about" on "audit" ("subject", "sequence");
COMMIT;
