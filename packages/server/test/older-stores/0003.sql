-- A key store as Countersign of commit 0b69c69 made it, by its own key store and administrators; written out by sqlite3, in the SQL that
-- SQLite and PostgreSQL share. Its secrets are of this fixture alone.
BEGIN TRANSACTION;
CREATE TABLE IF NOT EXISTS "kysely_migration" ("name" varchar(255) not null primary key, "timestamp" varchar(255) not null);
INSERT INTO kysely_migration VALUES('0001-first','2026-11-28T01:08:09.801Z');
INSERT INTO kysely_migration VALUES('0002-key-use','2026-11-28T01:08:09.801Z');
INSERT INTO kysely_migration VALUES('0003-key-care','2026-11-28T01:08:09.803Z');
CREATE TABLE IF NOT EXISTS "kysely_migration_lock" ("id" varchar(255) not null primary key, "is_locked" integer default 0 not null);
INSERT INTO kysely_migration_lock VALUES('migration_lock',0);
CREATE TABLE IF NOT EXISTS "organisation" ("id" text primary key, "kind" text not null, "name" text not null, "created_at" bigint not null, "ceilings" text default '{}' not null);
INSERT INTO organisation VALUES('acme','organisation','Acme',1780272000000,'{}');
INSERT INTO organisation VALUES('other','organisation','Other',1780272000000,'{}');
CREATE TABLE IF NOT EXISTS "administrator" ("id" text primary key, "organisation_id" text references "organisation" ("id"), "name" text not null, "role" text not null, "token_hash" text not null, "created_at" bigint not null, "disabled_at" bigint not null, "expires_at" bigint default 0 not null, "previous_token_hash" text default '' not null, "previous_expires_at" bigint default 0 not null);
INSERT INTO administrator VALUES('qYAsSf7T8Eg3',NULL,'op','operator','sha256$sBG8GC4ludOfN9gxxZaQqfblQZ3lhu9CyFZwsKmimYY',1780272000000,0,1788048000000,'',0);
INSERT INTO administrator VALUES('M3Hg4M1bHWJw','acme','adm','admin','sha256$x-bU4PIpwLoUxuLWBnqR46ja0H4fUxhf0JIL1ZRTgLA',1780272000000,0,1788048000000,'',0);
INSERT INTO administrator VALUES('B05_M3E7eSza','acme','aud','auditor','sha256$abmPLgLqSrb_JM2zpmpVPk4PfAeZYFKrKNlmM8iWbjQ',1780272000000,0,1788048000000,'',0);
CREATE TABLE IF NOT EXISTS "session" ("id_hash" text primary key, "administrator_id" text not null references "administrator" ("id"), "expires_at" bigint not null);
CREATE TABLE IF NOT EXISTS "api_key" ("id" text primary key, "organisation_id" text not null references "organisation" ("id"), "name" text not null, "fund_id" text not null, "wallet_id" text not null, "scheme" text not null, "public_key" text not null, "sealed_passphrase" text not null, "permissions" text not null, "addresses" text not null, "labels" text not null, "state" text not null, "imported" integer not null, "short_secret" integer not null, "expires_at" bigint not null, "created_at" bigint not null, "updated_at" bigint not null, "last_used_at" bigint not null);
INSERT INTO api_key VALUES('csk_sGnlLQM34ZilYFRg9p980F03I4','acme','Plain','','','qredo-v1','','','["balance"]','[]','{}','active',0,0,0,1780272000000,1780272000000,1780272001000);
INSERT INTO api_key VALUES('csk_nBvqw5LL5RC4xhW67UYb1GinVV','acme','Narrowed','F1','W1','qredo-v1','','','["web3"]','["10.0.0.0/8"]','{"team":"a"}','active',0,0,4070908800000,1780272000000,1780272000000,0);
INSERT INTO api_key VALUES('csk_3vQxh1XRhmk2D4KIN1Qw08n88y','acme','Rotated','','','qredo-v1','','','[]','[]','{}','active',0,0,0,1780272000000,1780272001000,0);
INSERT INTO api_key VALUES('csk_cQVo1tUtd8XyOl2TlRxi4U3lBD','other','Revoked','','','qredo-v1','','','[]','[]','{}','revoked',0,0,0,1780272001000,1780272001000,0);
INSERT INTO api_key VALUES('csk_BzVRsFMwo57WAVZUgb872lHok9','acme','Partner','','','qredo-partner','-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwqmG8bOblHdU4rNPmOm+
cRJg3EWfQm9fNgzb3ZNb92/6TGxRagwi8mcx2a4hm8r5+LYyRy5J2dD+EY16aLW6
OOSQxwrpEUxRGZ3mAe5p2G9RrCdNJS5pQZevBLhlh/tXQ6R+WUSz9DFVnFNNulbN
Wp2fGVohXYiC+7W11AFxAUoFxYm6GCJ30foxSfJ903QO5wuhE/3SNnXdh4fdg9Kv
gqzZcwneangvMo52StZRGqAmP0+psK9JkAe/pDvcqR0Y70GxsPz0wp33/8d67KKt
wm4PIzoMJMdWHxv4Bxm9iDqoYtgGKZ4MLpnQ5eYHvEv23n2BwsQOIw98BuBD0fRW
8QIDAQAB
-----END PUBLIC KEY-----
','','[]','[]','{}','active',0,0,0,1780272001000,1780272001000,0);
INSERT INTO api_key VALUES('csk_GcuCLqxXAA5R8sOTxM9G08Fll0','acme','Coinbase','','','coinbase-exchange','','v1.3e36e2ef.-Pv5flcjG0qAGqazIJ-OecfM4DwfJYqbdLiRIXsu8tPPuL7MT-5GG3VPay4eMGJC0ek','[]','[]','{}','active',0,0,0,1780272001000,1780272001000,0);
CREATE TABLE IF NOT EXISTS "key_secret" ("id" text primary key, "key_id" text not null references "api_key" ("id"), "sealed" text not null, "created_at" bigint not null, "expires_at" bigint not null, "last_used_at" bigint default 0 not null);
INSERT INTO key_secret VALUES('baab57e8-14d9-4c56-afb1-b5736f1ca443','csk_sGnlLQM34ZilYFRg9p980F03I4','v1.3e36e2ef.KT1Ef48NHeIz-07HoG_yk6k9wqZ7Fu3L3q1qMc88rCnuHR5iJPOxojpcK6BvVWGWWpZZDVlvhFqyIuAxhFW2Rpc704uTccos8CcC9HFbQx1SjiGJJ8yEaA',1780272000000,0,0);
INSERT INTO key_secret VALUES('40a81543-ceb2-4141-9792-9258e9afb62b','csk_nBvqw5LL5RC4xhW67UYb1GinVV','v1.3e36e2ef.KHIpcoW-N8L5zaenTMf0WObjCMn51bJzWrUKhAGhcz6ZIcPxPfK7-sXK2DH6dr5lKp6dK5BdFzu6Lb6qbZ5yrlMmlG52jN7B6XRLLXUzw8oJ_e0H6xD_LQ',1780272000000,0,0);
INSERT INTO key_secret VALUES('c44ed530-65b4-4e1f-8a2e-3e7408a49925','csk_3vQxh1XRhmk2D4KIN1Qw08n88y','v1.3e36e2ef.boottAd_0yDx72IlFUPbOKSFD7A5DToYtKwIQp9v-eiOpKa4PGCI49Vhw5T1Cc7qIfrEJkZMc3vkE2gxd3_oDspnRLspqbIX45tHBjOnhUd22Ex_7cNO4w',1780272000000,1780358401000,0);
INSERT INTO key_secret VALUES('31fdba82-709d-4320-97ea-962a3d3f738e','csk_3vQxh1XRhmk2D4KIN1Qw08n88y','v1.3e36e2ef.2vLJzOcy806mcrzPrPe8u4JsrYHScUsQr1A7iSGPBOtIoU3PHD66g1_WKJd_yHdy8n54UR7JXDTkD7Dzz18dDOkt3ZwIvRdcGX0vsvApt4c5hqzV05NoHg',1780272001000,0,0);
INSERT INTO key_secret VALUES('63f3c7f0-c6db-41f1-a106-06fb049535e1','csk_cQVo1tUtd8XyOl2TlRxi4U3lBD','v1.3e36e2ef.nzhFVLH2YXKWeWf4SOqIgF9dA7u-VqJnaw0QMQAoCyUhKVbwiz4zU5ki9BIGDY_BkdtlSJJro0GZj38mSpjIMRO9KswuCWtip-ji8Xidkfcld2-G5TgrTg',1780272001000,0,0);
INSERT INTO key_secret VALUES('f1f6074c-af96-4b7b-a8c5-c5cbac6e79df','csk_GcuCLqxXAA5R8sOTxM9G08Fll0','v1.3e36e2ef.ehkz-3Lik9C5qFMbgwpqqF6zFJEQzGk0RniVOVv7P5Pgzdf91LwMGOlUfKNP5fdwerd5-lvUh8fxct0VArUihKQDc3Cae8xaTu_oHumhuT93ekTtTR18QA',1780272001000,0,0);
CREATE TABLE IF NOT EXISTS "audit" ("sequence" bigint primary key, "at" bigint not null, "actor" text not null, "organisation_id" text not null, "action" text not null, "subject" text not null, "address" text not null, "detail" text not null, "previous_hash" text not null, "hash" text not null);
INSERT INTO audit VALUES(1,1780272000000,'Alice','acme','organisation.create','acme','203.0.113.7','{"name":"Acme","kind":"organisation"}','0000000000000000000000000000000000000000000000000000000000000000','a47b287a474fe4707ce9672ec96ee1e73b2bbb652ebfd502a4865b2c8e6405df');
INSERT INTO audit VALUES(2,1780272000000,'Alice','other','organisation.create','other','203.0.113.7','{"name":"Other","kind":"organisation"}','a47b287a474fe4707ce9672ec96ee1e73b2bbb652ebfd502a4865b2c8e6405df','1f51b51c3d167b5af27fc71db8b6a4a950d5d9f02412a6f8a69799dafc61c3db');
INSERT INTO audit VALUES(3,1780272000000,'Alice','','administrator.create','qYAsSf7T8Eg3','203.0.113.7','{"name":"op","role":"operator","expiresAt":"2026-08-30T00:00:00.000Z"}','1f51b51c3d167b5af27fc71db8b6a4a950d5d9f02412a6f8a69799dafc61c3db','0f31e377c8bd7f51c0286f4d867f63663e953ce99a3f7745d556a3dafdcc887c');
INSERT INTO audit VALUES(4,1780272000000,'Alice','acme','administrator.create','M3Hg4M1bHWJw','203.0.113.7','{"name":"adm","role":"admin","expiresAt":"2026-08-30T00:00:00.000Z"}','0f31e377c8bd7f51c0286f4d867f63663e953ce99a3f7745d556a3dafdcc887c','f12a6e5aee4e58fb2bee358d3defffce927fdcd348182a30ddc52f0a0e2b4288');
INSERT INTO audit VALUES(5,1780272000000,'Alice','acme','administrator.create','B05_M3E7eSza','203.0.113.7','{"name":"aud","role":"auditor","expiresAt":"2026-08-30T00:00:00.000Z"}','f12a6e5aee4e58fb2bee358d3defffce927fdcd348182a30ddc52f0a0e2b4288','e167167483658d6f5548ecaef66c85cbb9b6b7707d702c438a00a2c6a520e2ff');
INSERT INTO audit VALUES(6,1780272000000,'Alice','acme','key.create','csk_sGnlLQM34ZilYFRg9p980F03I4','203.0.113.7','{"name":"Plain","scheme":"qredo-v1","permissions":["balance"],"fundId":"","walletId":""}','e167167483658d6f5548ecaef66c85cbb9b6b7707d702c438a00a2c6a520e2ff','e758a683edfdb6c0070e5f13edff7832f04f9c0e01ecb13d91e11cdca9bc2f5d');
INSERT INTO audit VALUES(7,1780272000000,'Alice','acme','key.create','csk_nBvqw5LL5RC4xhW67UYb1GinVV','203.0.113.7','{"name":"Narrowed","scheme":"qredo-v1","permissions":["web3"],"fundId":"F1","walletId":"W1"}','e758a683edfdb6c0070e5f13edff7832f04f9c0e01ecb13d91e11cdca9bc2f5d','bc65569291b4ec5014509c65662df5283a6e19d4026bc598cd3ee90c8c3258dd');
INSERT INTO audit VALUES(8,1780272000000,'Alice','acme','key.create','csk_3vQxh1XRhmk2D4KIN1Qw08n88y','203.0.113.7','{"name":"Rotated","scheme":"qredo-v1","permissions":[],"fundId":"","walletId":""}','bc65569291b4ec5014509c65662df5283a6e19d4026bc598cd3ee90c8c3258dd','febf3162d32fa003700baf623f389a745991ffefbeba64caabb5ef8d7145f1fd');
INSERT INTO audit VALUES(9,1780272001000,'Alice','acme','key.rotate','csk_3vQxh1XRhmk2D4KIN1Qw08n88y','203.0.113.7','{"secret":"31fdba82-709d-4320-97ea-962a3d3f738e","overlapSeconds":86400}','febf3162d32fa003700baf623f389a745991ffefbeba64caabb5ef8d7145f1fd','0b29b71a016595bb169d28053556ad4ed4a12e20634fe0ea8c6983067f4d26e3');
INSERT INTO audit VALUES(10,1780272001000,'Alice','other','key.create','csk_cQVo1tUtd8XyOl2TlRxi4U3lBD','203.0.113.7','{"name":"Revoked","scheme":"qredo-v1","permissions":[],"fundId":"","walletId":""}','0b29b71a016595bb169d28053556ad4ed4a12e20634fe0ea8c6983067f4d26e3','8bb14e199da3d6340452f1d037a647bb01a2849dd9e5d5e316cf9f6186d7aca1');
INSERT INTO audit VALUES(11,1780272001000,'Alice','other','key.revoke','csk_cQVo1tUtd8XyOl2TlRxi4U3lBD','203.0.113.7','{"state":{"before":"active","after":"revoked"}}','8bb14e199da3d6340452f1d037a647bb01a2849dd9e5d5e316cf9f6186d7aca1','778b59149d8e2ef2e7411413f40c5f6628a9a0cbccfae410f447241dde22344e');
INSERT INTO audit VALUES(12,1780272001000,'Alice','acme','key.create','csk_BzVRsFMwo57WAVZUgb872lHok9','203.0.113.7','{"name":"Partner","scheme":"qredo-partner","permissions":[],"fundId":"","walletId":""}','778b59149d8e2ef2e7411413f40c5f6628a9a0cbccfae410f447241dde22344e','72858888b9dd4d0f882005b769c27cf837b412f2c07a0823dc7d351835dab33a');
INSERT INTO audit VALUES(13,1780272001000,'Alice','acme','key.create','csk_GcuCLqxXAA5R8sOTxM9G08Fll0','203.0.113.7','{"name":"Coinbase","scheme":"coinbase-exchange","permissions":[],"fundId":"","walletId":""}','72858888b9dd4d0f882005b769c27cf837b412f2c07a0823dc7d351835dab33a','b8d7592a116b3515faf6146099f56a1755805a99162e8244567192d9c5df1ba4');
INSERT INTO audit VALUES(14,1780272001000,'server','acme','request.refused','csk_sGnlLQM34ZilYFRg9p980F03I4','','{"code":"replayed","title":"Replayed request","count":1,"samples":[{"at":"2026-06-01T00:00:01.000Z","method":"GET","path":"/x","address":"198.51.100.1"}]}','b8d7592a116b3515faf6146099f56a1755805a99162e8244567192d9c5df1ba4','93435e642e47902a96b885ca9ec11cf2d9b6ff941aae4e168793d4b81aa916ce');
CREATE TABLE IF NOT EXISTS "audit_head" ("id" integer primary key, "sequence" bigint not null, "hash" text not null);
INSERT INTO audit_head VALUES(1,14,'93435e642e47902a96b885ca9ec11cf2d9b6ff941aae4e168793d4b81aa916ce');
CREATE TABLE IF NOT EXISTS "setting" ("name" text primary key, "value" text not null);
INSERT INTO setting VALUES('seal-canary','v1.3e36e2ef.nIYlKKTbs2DFBVTCHHtSty4wVPc7wZak0aPKPNv4904Xp3V9SlO_');
CREATE TABLE IF NOT EXISTS "key_use" ("key_id" text not null references "api_key" ("id"), "via" text not null, "count" bigint not null, "first_at" bigint not null, "last_at" bigint not null, constraint "key_use_of" primary key ("key_id", "via"));
INSERT INTO key_use VALUES('csk_sGnlLQM34ZilYFRg9p980F03I4','qredo-v1',1,1780272001000,1780272001000);
CREATE TABLE IF NOT EXISTS "key_public" ("id" text primary key, "key_id" text not null references "api_key" ("id"), "pem" text not null, "created_at" bigint not null, "expires_at" bigint not null, "last_used_at" bigint not null);
INSERT INTO key_public VALUES('c46fff04-81a5-4f3e-9b25-440e66db608d','csk_BzVRsFMwo57WAVZUgb872lHok9','-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwqmG8bOblHdU4rNPmOm+
cRJg3EWfQm9fNgzb3ZNb92/6TGxRagwi8mcx2a4hm8r5+LYyRy5J2dD+EY16aLW6
OOSQxwrpEUxRGZ3mAe5p2G9RrCdNJS5pQZevBLhlh/tXQ6R+WUSz9DFVnFNNulbN
Wp2fGVohXYiC+7W11AFxAUoFxYm6GCJ30foxSfJ903QO5wuhE/3SNnXdh4fdg9Kv
gqzZcwneangvMo52StZRGqAmP0+psK9JkAe/pDvcqR0Y70GxsPz0wp33/8d67KKt
wm4PIzoMJMdWHxv4Bxm9iDqoYtgGKZ4MLpnQ5eYHvEv23n2BwsQOIw98BuBD0fRW
8QIDAQAB
-----END PUBLIC KEY-----
',1780272001000,0,0);
CREATE INDEX "api_key_of" on "api_key" ("organisation_id", "created_at", "id");
CREATE INDEX "key_secret_of" on "key_secret" ("key_id");
CREATE INDEX "audit_of" on "audit" ("organisation_id", "sequence");
CREATE INDEX "audit_about" on "audit" ("subject", "sequence");
CREATE INDEX "key_use_by" on "key_use" ("via", "last_at");
CREATE INDEX "key_public_of" on "key_public" ("key_id");
COMMIT;
