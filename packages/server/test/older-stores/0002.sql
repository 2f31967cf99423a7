-- A key store as Countersign of commit 45f04d3 made it, by its own key store and administrators; written out by sqlite3, in the SQL that
-- SQLite and PostgreSQL share. Its secrets are of this fixture alone.
BEGIN TRANSACTION;
CREATE TABLE IF NOT EXISTS "kysely_migration" ("name" varchar(255) not null primary key, "timestamp" varchar(255) not null);
INSERT INTO kysely_migration VALUES('0001-first','2026-11-27T21:57:41.876Z');
INSERT INTO kysely_migration VALUES('0002-key-use','2026-11-27T21:57:41.878Z');
CREATE TABLE IF NOT EXISTS "kysely_migration_lock" ("id" varchar(255) not null primary key, "is_locked" integer default 0 not null);
INSERT INTO kysely_migration_lock VALUES('migration_lock',0);
CREATE TABLE IF NOT EXISTS "organisation" ("id" text primary key, "kind" text not null, "name" text not null, "created_at" bigint not null);
INSERT INTO organisation VALUES('acme','organisation','Acme',1780272000000);
INSERT INTO organisation VALUES('other','organisation','Other',1780272000000);
CREATE TABLE IF NOT EXISTS "administrator" ("id" text primary key, "organisation_id" text references "organisation" ("id"), "name" text not null, "role" text not null, "token_hash" text not null, "created_at" bigint not null, "disabled_at" bigint not null);
INSERT INTO administrator VALUES('Q-DZotIJTCgp',NULL,'op','operator','sha256$yLR3mFH47LttMPebJicpXyN3g_23LV5i7ZCFt6h_-UE',1780272000000,0);
INSERT INTO administrator VALUES('pHLdLE8A8Fu4','acme','adm','admin','sha256$mpDWJCKhTIrAT7YCdCDx6XzhRoCy_SIvsTIG6YgcY8g',1780272000000,0);
INSERT INTO administrator VALUES('Oy4kB7bKQK0N','acme','aud','auditor','sha256$NuQ6SyvDeCRCAHenXOF3bwfH3EJnHj7SWpedBQn6ikg',1780272000000,0);
CREATE TABLE IF NOT EXISTS "session" ("id_hash" text primary key, "administrator_id" text not null references "administrator" ("id"), "expires_at" bigint not null);
CREATE TABLE IF NOT EXISTS "api_key" ("id" text primary key, "organisation_id" text not null references "organisation" ("id"), "name" text not null, "fund_id" text not null, "wallet_id" text not null, "scheme" text not null, "public_key" text not null, "sealed_passphrase" text not null, "permissions" text not null, "addresses" text not null, "labels" text not null, "state" text not null, "imported" integer not null, "short_secret" integer not null, "expires_at" bigint not null, "created_at" bigint not null, "updated_at" bigint not null, "last_used_at" bigint not null);
INSERT INTO api_key VALUES('csk_k8vQPX3vr0XOJo0UDKou43fC0j','acme','Plain','','','qredo-v1','','','["balance"]','[]','{}','active',0,0,0,1780272000000,1780272000000,1780272001000);
INSERT INTO api_key VALUES('csk_GRSu6Cv6aohpuuuMA2At4EUkWz','acme','Narrowed','F1','W1','qredo-v1','','','["web3"]','["10.0.0.0/8"]','{"team":"a"}','active',0,0,4070908800000,1780272000000,1780272000000,0);
INSERT INTO api_key VALUES('csk_fp36GqekmWv6hBBnrils1KdLbq','acme','Rotated','','','qredo-v1','','','[]','[]','{}','active',0,0,0,1780272000000,1780272001000,0);
INSERT INTO api_key VALUES('csk_90jcA5TsaqPi3LqHoDCp3Rppdq','other','Revoked','','','qredo-v1','','','[]','[]','{}','revoked',0,0,0,1780272001000,1780272001000,0);
INSERT INTO api_key VALUES('csk_mSmol371cx7OwmG7N3Py4ANvC3','acme','Partner','','','qredo-partner','-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtCd9cZjfh6a2ixq4tiR1
N/AVqkwyuxmBwe0DFRJLBjzAF8fhC4toUS1KAskWHd1TZhGeW9RkWlCeoSG8B66I
9xAlJIVKF1oazyqHgfYBlERA2QpEJWm/djzu6+jzV9QrmUqDUbiIh6v91aZ+Uq3d
6s6KHqPID1B/M50k70INDrZ+FSmyQpYTGvcNR2V010gE+84L3zWtALEYZAd6Nf2v
/gmalHbgljBiSeSm7GZXug8uxVE9yUsL/gVLXt1PuHk/S7u3cCe1PSAmD99xiKqW
u2tRtWYfeyB4c7350iFXGktSTNBXnGfJSQnLcvNyMIBRnKBPtZRZXUENWWGSTNqV
QwIDAQAB
-----END PUBLIC KEY-----
','','[]','[]','{}','active',0,0,0,1780272001000,1780272001000,0);
INSERT INTO api_key VALUES('csk_ld8iDHfxiABqvxgRMCRV0pXW7i','acme','Coinbase','','','coinbase-exchange','','v1.2f8a5c2d.c7hLBkn59678VwWtYVZurQxCIpiwUswoN783AHzlK5PPKyOPxS9UEGRnuMkQvqBulUw','[]','[]','{}','active',0,0,0,1780272001000,1780272001000,0);
CREATE TABLE IF NOT EXISTS "key_secret" ("id" text primary key, "key_id" text not null references "api_key" ("id"), "sealed" text not null, "created_at" bigint not null, "expires_at" bigint not null);
INSERT INTO key_secret VALUES('3781ec6d-a8c3-43d3-9d8d-2cf707984caf','csk_k8vQPX3vr0XOJo0UDKou43fC0j','v1.2f8a5c2d.Pu_6a29Mwmg-ZwND8DcBv8U0DJgUqj7GR_WfGYSfzaeJ0LDHlygJv2QejSe23x5Jk7_pKDnHKgMZtExjfuyKO_EwVt6Ows7T-AqVP88LCn-AcuU8Hx1Teg',1780272000000,0);
INSERT INTO key_secret VALUES('dd2b4d0e-3f2f-4b69-ac6c-6bed3cf12ae3','csk_GRSu6Cv6aohpuuuMA2At4EUkWz','v1.2f8a5c2d.YKpB-JzMkwhVr_K3QQt1J6zTx8lh7anubJ0I7v4hTA3vxl5Mo3sxqonZF1PxEnSfc-Hk_vx5N5p5SKFvNMNFkKvSM6mjuQLzd5M_Naq8ylmQiOisP-j4aA',1780272000000,0);
INSERT INTO key_secret VALUES('bf20a560-e88a-4d3e-968d-7d42d8c1e29a','csk_fp36GqekmWv6hBBnrils1KdLbq','v1.2f8a5c2d.rcLyR73Eh8VWXe0aTXHvpAbixv9Oltv3EaOCRnXWMazifabt-MPrWSSFT5ZvVaCKgxs5mPedegIi3OEgV_0UgbIWahxQ2ZDn2cpMMZpFB_fpltZv18EUAg',1780272000000,1780358401000);
INSERT INTO key_secret VALUES('9378ee8a-b823-4c30-9c8a-60fdb6201893','csk_fp36GqekmWv6hBBnrils1KdLbq','v1.2f8a5c2d.j0_uZeXrxOjVewkhivgBXM2TOMY6BmO8R2UXQNrp88wC_zw1kz8-aHCz9mgVlt2R9TxtNj4IffNR8nhxCti_ZUmnsShc2km3Zh8LwyIoY75U7N_KmNvDmA',1780272001000,0);
INSERT INTO key_secret VALUES('64d41f4b-da67-452a-8e0d-9db3fe794101','csk_90jcA5TsaqPi3LqHoDCp3Rppdq','v1.2f8a5c2d.Yqfm5NFCIBUWF-zTcCv8PMU1TsRDM4r_YLcyKdsYBgeoOgfnkx9XjGcc_eCmfilBP719zAwTZawOvVg-s-mr7U4rys8e5e7aGo1xCtsaahtW9sjt7hcF9w',1780272001000,0);
INSERT INTO key_secret VALUES('c7140275-5716-48f8-8cbc-1d74c5455830','csk_ld8iDHfxiABqvxgRMCRV0pXW7i','v1.2f8a5c2d.6x55quGMw5igiQRJH1wjCeYkB6FgIVdrrSr3zR7xnxl5ddtLYdZvRTkTYV1wkpuy94XUzHf39S-P95aDPkCzGxDlxioxufO_srbulsYU613l1_MqsrjoFA',1780272001000,0);
CREATE TABLE IF NOT EXISTS "audit" ("sequence" bigint primary key, "at" bigint not null, "actor" text not null, "organisation_id" text not null, "action" text not null, "subject" text not null, "address" text not null, "detail" text not null, "previous_hash" text not null, "hash" text not null);
INSERT INTO audit VALUES(1,1780272000000,'Alice','acme','organisation.create','acme','192.0.2.1','{"name":"Acme","kind":"organisation"}','0000000000000000000000000000000000000000000000000000000000000000','c480bdcffa50af063d0b49e730ec969b0ca88afef4ceecd8f78bcbfadeb6cff2');
INSERT INTO audit VALUES(2,1780272000000,'Alice','other','organisation.create','other','192.0.2.1','{"name":"Other","kind":"organisation"}','c480bdcffa50af063d0b49e730ec969b0ca88afef4ceecd8f78bcbfadeb6cff2','ae81298f29a5fcecff5652eeb5a91f17487d7de1e8cc3db4de0c26655659f307');
INSERT INTO audit VALUES(3,1780272000000,'Alice','','administrator.create','Q-DZotIJTCgp','192.0.2.1','{"name":"op","role":"operator"}','ae81298f29a5fcecff5652eeb5a91f17487d7de1e8cc3db4de0c26655659f307','88b2e865ebd59b755c905084c44ed27df09145400db3bd6768fa84ac51bf42d6');
INSERT INTO audit VALUES(4,1780272000000,'Alice','acme','administrator.create','pHLdLE8A8Fu4','192.0.2.1','{"name":"adm","role":"admin"}','88b2e865ebd59b755c905084c44ed27df09145400db3bd6768fa84ac51bf42d6','dde62e916fe138714b958afbd15343f8552acb0c5fa41b7de937366b61209eaf');
INSERT INTO audit VALUES(5,1780272000000,'Alice','acme','administrator.create','Oy4kB7bKQK0N','192.0.2.1','{"name":"aud","role":"auditor"}','dde62e916fe138714b958afbd15343f8552acb0c5fa41b7de937366b61209eaf','c0fa09f0a0205fb51c23030c8e226d456a7485375b031828092ae2e74b88c84c');
INSERT INTO audit VALUES(6,1780272000000,'Alice','acme','key.create','csk_k8vQPX3vr0XOJo0UDKou43fC0j','192.0.2.1','{"name":"Plain","scheme":"qredo-v1","permissions":["balance"],"fundId":"","walletId":""}','c0fa09f0a0205fb51c23030c8e226d456a7485375b031828092ae2e74b88c84c','602133cecd73d197d13c98cb344860ce711c15e681e80de42b46d53d7941ca5a');
INSERT INTO audit VALUES(7,1780272000000,'Alice','acme','key.create','csk_GRSu6Cv6aohpuuuMA2At4EUkWz','192.0.2.1','{"name":"Narrowed","scheme":"qredo-v1","permissions":["web3"],"fundId":"F1","walletId":"W1"}','602133cecd73d197d13c98cb344860ce711c15e681e80de42b46d53d7941ca5a','ac58f8bf4ba52d8e8b4751ec3296caef348c7ec39d2b4f7f986948ed571824a3');
INSERT INTO audit VALUES(8,1780272000000,'Alice','acme','key.create','csk_fp36GqekmWv6hBBnrils1KdLbq','192.0.2.1','{"name":"Rotated","scheme":"qredo-v1","permissions":[],"fundId":"","walletId":""}','ac58f8bf4ba52d8e8b4751ec3296caef348c7ec39d2b4f7f986948ed571824a3','98464058170e74c4e8f0a1c49bfa4a4c5274297f5717a138abf7b738c4375ef8');
INSERT INTO audit VALUES(9,1780272001000,'Alice','acme','key.rotate','csk_fp36GqekmWv6hBBnrils1KdLbq','192.0.2.1','{"secret":"9378ee8a-b823-4c30-9c8a-60fdb6201893","overlapSeconds":86400}','98464058170e74c4e8f0a1c49bfa4a4c5274297f5717a138abf7b738c4375ef8','83966222e5b8ed9a5ebbc8513f3763ecd3d2b5b11836da098575c47a1ec60105');
INSERT INTO audit VALUES(10,1780272001000,'Alice','other','key.create','csk_90jcA5TsaqPi3LqHoDCp3Rppdq','192.0.2.1','{"name":"Revoked","scheme":"qredo-v1","permissions":[],"fundId":"","walletId":""}','83966222e5b8ed9a5ebbc8513f3763ecd3d2b5b11836da098575c47a1ec60105','3f45649e339a64062b8e715a8bbccc3e6581dad83e3afe668c9413859c56d23b');
INSERT INTO audit VALUES(11,1780272001000,'Alice','other','key.revoke','csk_90jcA5TsaqPi3LqHoDCp3Rppdq','192.0.2.1','{}','3f45649e339a64062b8e715a8bbccc3e6581dad83e3afe668c9413859c56d23b','9b216f75c8904f8b832c30cd0a944cf160802f5bf2c61494676b918cd497122f');
INSERT INTO audit VALUES(12,1780272001000,'Alice','acme','key.create','csk_mSmol371cx7OwmG7N3Py4ANvC3','192.0.2.1','{"name":"Partner","scheme":"qredo-partner","permissions":[],"fundId":"","walletId":""}','9b216f75c8904f8b832c30cd0a944cf160802f5bf2c61494676b918cd497122f','f27763e2793381c94e1f03753cb73ce7f87bead502ae56896863a3a479dd4210');
INSERT INTO audit VALUES(13,1780272001000,'Alice','acme','key.create','csk_ld8iDHfxiABqvxgRMCRV0pXW7i','192.0.2.1','{"name":"Coinbase","scheme":"coinbase-exchange","permissions":[],"fundId":"","walletId":""}','f27763e2793381c94e1f03753cb73ce7f87bead502ae56896863a3a479dd4210','bef0cb5ecb06dfd419f793c059f9eaefc8d7fdbde019076baae11d6f717e646c');
INSERT INTO audit VALUES(14,1780272001000,'server','acme','request.refused','csk_k8vQPX3vr0XOJo0UDKou43fC0j','','{"code":"bad-signature","title":"Not authenticated","count":1,"samples":[{"at":"2026-06-01T00:00:01.000Z","method":"GET","path":"/x","address":"192.0.2.9"}]}','bef0cb5ecb06dfd419f793c059f9eaefc8d7fdbde019076baae11d6f717e646c','87394ff00a24169c6b8923d022a4b2ca91d7b91b107871bcced2d0e62ce64513');
CREATE TABLE IF NOT EXISTS "audit_head" ("id" integer primary key, "sequence" bigint not null, "hash" text not null);
INSERT INTO audit_head VALUES(1,14,'87394ff00a24169c6b8923d022a4b2ca91d7b91b107871bcced2d0e62ce64513');
CREATE TABLE IF NOT EXISTS "setting" ("name" text primary key, "value" text not null);
INSERT INTO setting VALUES('seal-canary','v1.2f8a5c2d.FfZLbBHvRCQJiMGx-CzZNn8uBLQEoJ9AT4WQzT0naFDnFP48P0xi');
CREATE TABLE IF NOT EXISTS "key_use" ("key_id" text not null references "api_key" ("id"), "via" text not null, "count" bigint not null, "first_at" bigint not null, "last_at" bigint not null, constraint "key_use_of" primary key ("key_id", "via"));
INSERT INTO key_use VALUES('csk_k8vQPX3vr0XOJo0UDKou43fC0j','qredo-v1',1,1780272001000,1780272001000);
CREATE INDEX "api_key_of" on "api_key" ("organisation_id", "created_at", "id");
CREATE INDEX "key_secret_of" on "key_secret" ("key_id");
CREATE INDEX "audit_of" on "audit" ("organisation_id", "sequence");
CREATE INDEX "audit_about" on "audit" ("subject", "sequence");
CREATE INDEX "key_use_by" on "key_use" ("via", "last_at");
COMMIT;
