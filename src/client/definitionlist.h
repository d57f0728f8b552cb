/*
 * definitionlist.h
 *		What the install script makes.  Made by test/definitions: do not edit.
 */
#ifndef CG_DEFINITIONLIST_H
#define CG_DEFINITIONLIST_H

#define DEFINITIONS_QUERY \
	"WITH member AS (\n" \
	"SELECT d.objid AS oid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid\n" \
	"WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass\n" \
	"AND d.deptype = 'e' AND e.extname = 'contact_guard'),\n" \
	"definition AS (\n" \
	"SELECT CASE p.prokind WHEN 'a' THEN 'aggregate ' ELSE 'function ' END || p.oid::pg_catalog.regprocedure::pg_catalog.text AS what,\n" \
	"CASE WHEN p.prokind <> 'a' THEN pg_catalog.pg_get_functiondef(p.oid) ELSE '' END AS text\n" \
	"FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'contact_guard'::pg_catalog.regnamespace\n" \
	"UNION ALL\n" \
	"SELECT 'view ' || c.oid::pg_catalog.regclass::pg_catalog.text,\n" \
	"pg_catalog.concat_ws(' ', pg_catalog.regexp_replace(pg_catalog.pg_get_viewdef(c.oid), '\\m(list_\\w+|pg_seclabel)\\.', '', 'g'), c.reloptions)\n" \
	"FROM pg_catalog.pg_class c JOIN member m ON m.oid = c.oid WHERE c.relkind = 'v'\n" \
	"UNION ALL\n" \
	"SELECT 'table ' || c.oid::pg_catalog.regclass::pg_catalog.text,\n" \
	"pg_catalog.concat_ws(' ', c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity,\n" \
	"(SELECT pg_catalog.count(*) FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid),\n" \
	"(SELECT pg_catalog.count(*) FROM pg_catalog.pg_inherits i WHERE c.oid = i.inhrelid OR (c.oid = i.inhparent AND c.relkind = 'r')))\n" \
	"FROM pg_catalog.pg_class c JOIN member m ON m.oid = c.oid WHERE c.relkind IN ('r', 'p', 'f', 'm') AND NOT c.relispartition)\n" \
	"SELECT what, pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(text, 'UTF8')), 'hex') AS digest\n" \
	"FROM definition ORDER BY what COLLATE \"C\"\n"

#define DEFINITION_OF_ACCESS_LOG \
	"SELECT l.seq, l.read_at, l.event, l.actor, coalesce(l.login, CASE WHEN c.login_is_actor THEN l.actor END) AS login,\n" \
	"coalesce(l.relation, c.relation) AS relation, coalesce(l.columns, c.columns) AS columns, l.customer,\n" \
	"coalesce(l.count, c.count) AS count, l.intervention, coalesce(l.purpose, c.purpose) AS purpose,\n" \
	"coalesce(l.reason, c.reason) AS reason, l.client, l.application, l.session, l.statement, l.query_id, q.query,\n" \
	"coalesce(l.identity, c.identity) AS identity, l.technician, l.opens_at, l.closes_at,\n" \
	"l.previous_opens_at, l.previous_closes_at\n" \
	"FROM (SELECT seq, read_at, event, actor, login, relation, columns, customer, count, intervention, closed_at,\n" \
	"purpose, reason, client, application, session, statement, query_id, identity, technician,\n" \
	"opens_at, closes_at, previous_opens_at, previous_closes_at, common\n" \
	"FROM contact_guard.log\n" \
	"UNION ALL\n" \
	"SELECT seq, read_at, event, actor, login, relation, columns, customer, count, intervention, closed_at,\n" \
	"purpose, reason, client, application, concat_ws(':', origin, session), statement, query_id, identity, technician,\n" \
	"opens_at, closes_at, previous_opens_at, previous_closes_at, NULL::integer\n" \
	"FROM contact_guard.restored_log) l\n" \
	"LEFT JOIN contact_guard.log_common c ON c.number = l.common\n" \
	"LEFT JOIN contact_guard.query_text q USING (query_id)\n"

#define DEFINITION_OF_WHOLE_LOG \
	"SELECT l.seq, l.read_at, l.event, l.actor, coalesce(l.login, CASE WHEN c.login_is_actor THEN l.actor END) AS login,\n" \
	"coalesce(l.relation, c.relation) AS relation, coalesce(l.columns, c.columns) AS columns, l.customer,\n" \
	"coalesce(l.count, c.count) AS count, l.intervention, l.closed_at, coalesce(l.purpose, c.purpose) AS purpose,\n" \
	"coalesce(l.reason, c.reason) AS reason, l.client, l.application, l.session, l.statement, l.query_id,\n" \
	"l.customer_salt, l.actor_salt, l.customer_commitment, l.actor_commitment, l.origin, l.leaf_version,\n" \
	"coalesce(l.identity, c.identity) AS identity, l.technician, l.opens_at, l.closes_at,\n" \
	"l.previous_opens_at, l.previous_closes_at, l.execution_salt\n" \
	"FROM (SELECT seq, read_at, event, actor, login, relation, columns, customer, count, intervention, closed_at, purpose,\n" \
	"reason, client, application, session, statement, query_id, customer_salt, actor_salt, customer_commitment,\n" \
	"actor_commitment, contact_guard.journal_origin() AS origin, leaf_version, identity, technician,\n" \
	"opens_at, closes_at, previous_opens_at, previous_closes_at, execution_salt, common\n" \
	"FROM contact_guard.log\n" \
	"UNION ALL\n" \
	"SELECT seq, read_at, event, actor, login, relation, columns, customer, count, intervention, closed_at, purpose,\n" \
	"reason, client, application, session, statement, query_id, customer_salt, actor_salt, customer_commitment,\n" \
	"actor_commitment, origin, leaf_version, identity, technician,\n" \
	"opens_at, closes_at, previous_opens_at, previous_closes_at, execution_salt, NULL::integer\n" \
	"FROM contact_guard.restored_log) l\n" \
	"LEFT JOIN contact_guard.log_common c ON c.number = l.common\n"

/* Name and SHA-256, in the order of the names */
#define DEFINITIONS \
	{"function contact_guard.accept_clock(text)", "048515ceec7d8e21b6b0ca5583d68f4c255d97bf71125fc8b095bd2179c5bf02"}, \
	{"function contact_guard.acknowledge_gaps(text)", "080612925b4dbf46f627d0e8543ccd70aa2c4d27e47baec6d0b837c894d7465d"}, \
	{"function contact_guard.act_as(text,regrole)", "029bac5ca3bbd1883fde239a127a905db7beff2ea1d81df57a7dd0509a6984f5"}, \
	{"function contact_guard.act_as(text,text)", "3655eccbf8336f3a140d8eea333f5848135782807a1dae225f861c14f84a573e"}, \
	{"function contact_guard.act_as_nobody()", "85aa049bd1df92926b2ed4a9cf07a545eeaa560d62b151741679b3bd770992eb"}, \
	{"function contact_guard.act_as_session(text,regrole)", "33aa6751758ff5c9f5f9d406bd33b2d58d3bd7b63346d8f3e41ae53ea9c1d34d"}, \
	{"function contact_guard.act_as_session(text,text)", "0f678acf0e6c297dd7f160957495b1ca50a3fb3ada01fdf0ad2fff5a786465af"}, \
	{"function contact_guard.act_as_token(text,regrole)", "a4d84d0018af0a9eb01852560795bb7746f31211420d3bb25585efe7cc2b9715"}, \
	{"function contact_guard.act_as_token(text,text)", "ac0bd186130b3736ae10228615ae23cc881c211db6743f49aa98e7a91052ee22"}, \
	{"function contact_guard.act_as_token_session(text,regrole)", "6d34ead5a98c491f3de3d67e1d0f06c6e25c2d0dc32178d26069c5e458287bd1"}, \
	{"function contact_guard.act_as_token_session(text,text)", "b94cbbb5c55d8a93df473a25836df2005514e34cdb73e9924c9720a22db58703"}, \
	{"function contact_guard.actor_commitment(bytea,text,text,text,text)", "f4dc2969623f8c9f8323b78d073e2ef5c11a3d3228810c5e3ebcba57b69ef867"}, \
	{"function contact_guard.actor_commitment(smallint,bytea,text,text,text,text,text,text)", "6a445de1a774d29c1d1d61bd0d75d3389891c7f99397c839734185b1c10c6e38"}, \
	{"function contact_guard.add_cosignature(text)", "b2161a25182de4a8d990fc5de975f92db5e9e906f53cf5e6a3ddd1443d0cc5ab"}, \
	{"function contact_guard.allow(regrole,text,regclass,text)", "326328f20293afe57f78523e5f592a5667b0d90e21115cbfedce74de96e56b01"}, \
	{"function contact_guard.allow_act_as_session(regrole,boolean)", "5dafac6dfc435021a13237f7adf46db4bff898ca34cdc9ffc477fd37bb0f66cd"}, \
	{"function contact_guard.begin_journal()", "4a415e41bc52e7cc793f08e605b4f71acc7126c1e562d4db338cab4747041568"}, \
	{"function contact_guard.call_answered(text,text)", "d434749b523398276e3666039a6761cb0139098d09015da02badcb9b5402a457"}, \
	{"function contact_guard.call_ended(text,text,integer)", "d3c75f3dc871a58bf49772103f937b531a40ae120bddb9043cb408281eaec1d7"}, \
	{"function contact_guard.calls_to_end()", "f7c90d20f3cc1a940bc2cac13909f4ded094d0b10cac465a669cf885aafd34fb"}, \
	{"function contact_guard.checkpoint()", "67264198b242995dc8731d798def2c0e3192fc95d21ea30637c88dbb19ff7b50"}, \
	{"function contact_guard.close_intervention(bigint)", "214fb400b48d525f98b8630db36ddcb47f721f23f4d3716bb820be264a7f17f2"}, \
	{"function contact_guard.compared(\"any\",contact_guard.site)", "43e7dadf3ba77466dd017386fdf6b8c307560c0de018cb1ff8d6c057d430f30f"}, \
	{"function contact_guard.consistency_proof(bigint,bigint)", "27445df9a5187f081836102479c6696f1e31f1943c5d06fba4cd8c319df5ec6d"}, \
	{"function contact_guard.contact(anyelement,text,regclass,name)", "c9829b0acb3c0ca733acfd38da973afcead79c5fabcb283cae99c15d08407f8f"}, \
	{"function contact_guard.current_actor()", "3c83c5f37bd02cad806721866092be8455f6c6515ef59b51db2d3420dd1709ae"}, \
	{"function contact_guard.customer_commitment(bytea,text)", "936013d8a1dd443cfc92e67fbdbc240979d73e7cebfa34b96d59846da7cc2dc4"}, \
	{"function contact_guard.customer_of_record(text)", "fe65dbd49bcd541ee810164776e19ce4874a7c34be87b272b64b5a58c35f1d5e"}, \
	{"function contact_guard.disallow(regrole,regclass)", "1ec2b91eb99f66b3d64268b4f8e478910701ede4013626f9519036bd7dc86732"}, \
	{"function contact_guard.discard_replicated()", "1458bdc1e7e11ec95c489e4ed209a1936b1f7dcd25413d3584d2abad2553897f"}, \
	{"function contact_guard.distrust_function(regprocedure)", "ee8a49195db4f6f4e5ba2a7355c8b18daa9b292041902afbee7f1860b62fd339"}, \
	{"function contact_guard.erase_actor(text,text)", "e2df929c8c0c3d7940a668176928766674d967d5850c5cc5f41e83fa821c2a70"}, \
	{"function contact_guard.erase_customer(text,text)", "5b7800f87faa8832bd903663fe6d5903650f36b2354def1e0c673526432faee1"}, \
	{"function contact_guard.event_number(text)", "5c6eb87a52acb40a873f3dc3c61de49de0d7fa5cd84bbfb5fdf79418caf025b6"}, \
	{"function contact_guard.evidence(bigint,bigint)", "4f7f1247ccdb4081d7eaae163eef0bdd7beedf0e558ab59bd6608b10a721a0c1"}, \
	{"function contact_guard.evidence_stream(bigint,bigint)", "a437bf8d2a34bd42bb8d22d9afe0992e3e54dc5a9ec9766988f5b22cbb9e78f9"}, \
	{"function contact_guard.execution_commitment(bytea,text,text,bigint,bigint,text)", "3a2dbfa71550edf0e5fa013068af9a684bbe9451d2666adf690db9207c8d7824"}, \
	{"function contact_guard.filter_support(internal)", "28720fc75bb6943e853418db1204627d7eb33c9c135ce85470a5008dd6a21d8d"}, \
	{"function contact_guard.forget_interventions(regclass)", "08bdb95e869dde3babc7b25c0e443ff6eb89ade05c82e88872ac10c1bb79f38c"}, \
	{"function contact_guard.forward(bytea)", "69fa6cde245da5f8cb0e41688634aafc50df80c621815a4e43123e5c8bbee16f"}, \
	{"function contact_guard.found(\"any\",contact_guard.site)", "229dc1f4228bab950ad87e9a3c5b1170d0b7bbb1459939811b3970210471b51c"}, \
	{"function contact_guard.has_open_window(anyelement)", "325daad296e87b4d4373d5d7b72b6571a16bb5a9d4256021bae1b9f86705c122"}, \
	{"function contact_guard.has_open_window(text)", "9a0d356c7a6bab7be136c3aff032d8dcc9fc86801a924094b8f4bb64831c1b14"}, \
	{"function contact_guard.hold(text,text)", "6a5b83d15cb3fcc932296e672c467dd3c18bc496b2fd4d4fd070d83fc6f48d6f"}, \
	{"function contact_guard.inclusion_proof(bigint,bigint)", "9a82739fa3a500a3d3abd48a29b25802e4b6e7d7a140c804047c22e74f2f65e9"}, \
	{"function contact_guard.journal_origin()", "b4190eb8dc69d974283ee1ecd5f1e02be0c6059053e6b2f393bc5236992284c4"}, \
	{"function contact_guard.keep(anyelement,anyelement,\"any\",contact_guard.site)", "b7b0e5d44067f9c84a4c968894065d7c4d52fee99d190a2feb70348101d3fe2f"}, \
	{"function contact_guard.leaf(bigint)", "70d21fbb4e3eda957dfbfa001e0d49730259a0c0d109c4e4b009c8b38db8bf36"}, \
	{"function contact_guard.leaf_encoding()", "4392fe208c39a64d3eb06de2d14b5dcb2db1b338c974754ecfe64599e92a428d"}, \
	{"function contact_guard.leaf_execution(text,text,bigint,bigint,text)", "0decad5f56d2a177f643b8a660f5e8bcb598e5e757265e6406fd2b1d7f068312"}, \
	{"function contact_guard.leaf_field(integer,bytea,integer)", "0ef3bdac17a2a710d70044499c870f8f1a7b49485681a8fe8d571f9b54bb8332"}, \
	{"function contact_guard.leaf_field(integer,text)", "df6d2e5d21e72ce46cd6c9b447898261230f1bbe2b4f8a1930e86f05f405815f"}, \
	{"function contact_guard.leaf_time(timestamp with time zone)", "8be8d835b4939474d53015d56fed76c6ec784b57c42f302f6d9429ab21fac2ed"}, \
	{"function contact_guard.library_version()", "f2f5a1a7deea66ecb7bd2169d14ec19a4b9c541c33112d89f1584604b12b9687"}, \
	{"function contact_guard.list_interventions()", "cb61d4c7cf8ae58c0ebd2748b303a3cf02327a72d28d5c8edc5069910e168219"}, \
	{"function contact_guard.list_permissions()", "20bff0e23102627ffd560f43d3538af29b947468edf7b3221dc8030346602a7c"}, \
	{"function contact_guard.list_policies()", "eee7524691625a77b57ee2cbd079b727ccf6b9201ee84f745a239cc8cc54b967"}, \
	{"function contact_guard.name_readers(text,text[],text)", "1399cd092cbb8ef8e247ce03b7d41df45d58f964f5cc5ba0591a2a6a835a4e29"}, \
	{"function contact_guard.new_epoch(text)", "f785f3886851cd46000c269a559545294af4485295091d7dec0a008eb4988146"}, \
	{"function contact_guard.note_window()", "72c4fd4e538f2698663114745e86eef78838e61554a1047d875e045b431be005"}, \
	{"function contact_guard.open_customers(anyelement,contact_guard.site)", "9ddaaa9ff1b482f3dc9bf6f59468f5ad0231fae2b8f27dfdf057c1845557b836"}, \
	{"function contact_guard.open_intervention(bigint,name,timestamp with time zone,timestamp with time zone)", "c1e3cfa82f3dd79f8477eb40ab3f4620eff38ad48a1921503f552c8773370f6c"}, \
	{"function contact_guard.open_intervention(text,name,timestamp with time zone,timestamp with time zone)", "e78462776a89ebb37fddf26d659477e3a477d027811ad1c4023b3cf5798cafb6"}, \
	{"function contact_guard.open_intervention(uuid,name,timestamp with time zone,timestamp with time zone)", "4400793fab98e5a00a8591bff36d19a14ce389ec75e665cc099c834b317f6def"}, \
	{"function contact_guard.open_interventions()", "f63928d6cff02341f0f1635ea18aea62ad5bcac2c9ca65fd4d56a2a5b412c677"}, \
	{"function contact_guard.permission_use(timestamp with time zone,timestamp with time zone)", "1153f639bb40a246fb6bf210e928f70548d7e735ee51a93eb2cc2faf7f6d1214"}, \
	{"function contact_guard.policy_change(text,regclass)", "79c11cf3cef9222fd8126e9fee8a29edd6064bc92007b2e04df5f7404280007e"}, \
	{"function contact_guard.policy_problem(regclass)", "245bf6842abe25af91e62a9d5849baf6232236edf7f198455ff3a33deb0e11cc"}, \
	{"function contact_guard.protect(regclass,name,name[],text,text,text,text,text)", "c0495e72ab442302027f42e4a16c99d88c071aaa47c015678a7ff4f76166df35"}, \
	{"function contact_guard.purge(timestamp with time zone,text)", "d826bd7c001ec4883387a83f50f5218ce8bbabac845b674da8d10e65b1acbb85"}, \
	{"function contact_guard.reader_category(regrole,text)", "7652cd346cc48a769e1bfb69ec13eaf7eccb1f751ce374432943602cf53647e1"}, \
	{"function contact_guard.reads_after_close(timestamp with time zone,timestamp with time zone)", "2d9ef319a77cc60a0c7d471d11abb0bb16ffefad414db62b6a8d0f0f0f345e14"}, \
	{"function contact_guard.reads_by(text,timestamp with time zone,timestamp with time zone)", "83223147cbfd0aa8b3499c7a4ec022798eef7b6fb49a5b3544cd007ee7d23c34"}, \
	{"function contact_guard.record_policy(text)", "c8434b88194e4c0e0d87766bc782cba51ad68fef088abdc724cfc75d17afeae4"}, \
	{"function contact_guard.refused_attempts(timestamp with time zone,timestamp with time zone)", "04686f22ae540a9d50608467a410192323a81f2b76878f666128ccc0f7b7b7ea"}, \
	{"function contact_guard.relay_telephone(text,text)", "07e54f36e7e45b8bfe3d0be6ce8ec117f943a7b3f2d3555d229278353c3c4268"}, \
	{"function contact_guard.release_hold(text,text)", "17f097bf75de828b2668b7d54ca36d67f8ab29d18c681c5d3e234ea2e0df1506"}, \
	{"function contact_guard.require_preload()", "179ea33efff577d413f9d0120793c837393fa9cac895061290f4c2925d5c58a9"}, \
	{"function contact_guard.resolve(text,text,text,text)", "4d80701b4ea2d0ae5b6fb7c6ce9f4d7cf8a982a98ccb28cc5c63aad97ec6464b"}, \
	{"function contact_guard.resolve_number(text,text,text,text)", "839a8b27138d31a8d2e750bed12adadf41d984433acf6299dc93cc8a38554fe1"}, \
	{"function contact_guard.retire()", "8aa88ed2b09dece1af5ed8a1aa0b660cdef2ea972d977efe7a274a7569809668"}, \
	{"function contact_guard.reveal(anyelement,\"any\",contact_guard.site)", "25beffbd74bad3433b84a16f8af89c36823fcb251a07e256d95edbeae548abfb"}, \
	{"function contact_guard.reveal_nullable(anyelement,\"any\",contact_guard.site)", "49aec994cf0f645e0f8603651fa306fa233ab88c91099a8e3ccee80f413d731f"}, \
	{"function contact_guard.revoke_identity(text,text,timestamp with time zone)", "4db96c58e63ab866a0e7d88c231acf8cae58236dbd056cdccb07c7ceeb883f7b"}, \
	{"function contact_guard.rotate_journal_key()", "44b7275ab6c99bbd592ee1474fcc869186c106ae18d593a8c20f91b4711a23fd"}, \
	{"function contact_guard.same_value(regclass,name,text,text[],text)", "c315ddc81299826a3176b7ece3cc113c18b94ca3a70e95b618db8a17c633dc81"}, \
	{"function contact_guard.site_in(cstring)", "7aaeac6310da214ca38eb373417aeb478409662ca65fbcd20ab1d90776ec9e77"}, \
	{"function contact_guard.site_out(contact_guard.site)", "8858de408087d9db360c3dac09cc3a39fd9e030814f05b0821a16c31963cc601"}, \
	{"function contact_guard.site_recv(internal)", "5d765e7be99ca1eec1855cc05bbf85b9f4e8e462597ca0efacd31ced751504cb"}, \
	{"function contact_guard.standing_permission()", "c42e90245112a48f69343b80964f7f0280f45c56132063bcda56f88d691e72c8"}, \
	{"function contact_guard.statistics_ext_visible(oid)", "6215cc8e2cb3cb26de89cd6bbd088a401ec34327d2e577c7e9e2d6479a384f06"}, \
	{"function contact_guard.statistics_visible(oid,smallint)", "fbd2dd0eda9bfeb4fd98efd6382195dd6a2b8a6b90cef25fdb73dcf073278e08"}, \
	{"function contact_guard.status()", "52ab4f486f3d00d5a9b819de7bd8ff4c38d8bafa6addac642283f959cc660886"}, \
	{"function contact_guard.subject_report(anyelement,text,timestamp with time zone,timestamp with time zone,boolean)", "b384707955ce41ec7c3f2b451d554845642074e8aee89df9b12c526304b2eace"}, \
	{"function contact_guard.sync()", "a98375078827e0b4a87d5737c75526b71467b843917d9edf54fd41987025f4c2"}, \
	{"function contact_guard.tile(integer,bigint)", "d75d0bdf08998b4b4030bdfdf2590eda9c91fc81ab504bce7c3b536f62383627"}, \
	{"function contact_guard.trust_function(regprocedure,text)", "c063aa1fda9fdcd125909f57ee16b2cdf4a2f161000f2f6ab14ae1b00e4995ca"}, \
	{"function contact_guard.unmasked(anyelement,contact_guard.site)", "c6a1b5fbea6ec9d3a0f1d0acae226263640c8457a6fd214281291464f48cc874"}, \
	{"function contact_guard.unprotect(regclass,name[])", "e5c018464267a5d333c8b2ffb794d45c0c4ab9887191cc620bd5ae1130e5afcd"}, \
	{"function contact_guard.use_interventions(regclass,name,name,name,name,name,text,interval,interval,interval,text,text,text[])", "15f69bb1c4050076b370841c340023d70ee451097597b10ca7232b714df8c955"}, \
	{"function contact_guard.use_relay_numbers(text[])", "a6d7594ed0f2928cc7043a6576767966974f4375a653c7957747775e5f6107f4"}, \
	{"function contact_guard.verification_key()", "cbab5c944c16e98055ea2d1ddb5644a8e5b31f74eb417ebcb248082c7912ccb0"}, \
	{"function contact_guard.visible(\"any\",contact_guard.site)", "5c546048d0f3e05db3d00313a8b7848a0dd8e1ef1fefbf36b3a5684a13bd386c"}, \
	{"function contact_guard.who_read(text,timestamp with time zone,timestamp with time zone)", "61b279a398ce3d6752c65aad220461ceb9997237f1e395149ae630017fc4f858"}, \
	{"function contact_guard.windows_opened(timestamp with time zone,timestamp with time zone,interval,interval,time without time zone,time without time zone,integer[],text)", "a22b55a4531697aa71e47df07dae5eeb3c59dca9e3ba396c807a90546849269d"}, \
	{"function contact_guard.withheld_attempts(timestamp with time zone,timestamp with time zone)", "cabcb02b903405970bde42c9699215231395fa58f2afadf256e32bdd97cb72e5"}, \
	{"table contact_guard.category", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"table contact_guard.contact_call", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"table contact_guard.contact_token", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"table contact_guard.disclosure", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"table contact_guard.held", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"table contact_guard.intervention", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"table contact_guard.journal_key", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"table contact_guard.journal_passed", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"table contact_guard.journal_session", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"table contact_guard.journal_state", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"table contact_guard.log", "c1e3853e1270e7adcea1fc93214c70256bf73661daf9ec013e26c84ca3053665"}, \
	{"table contact_guard.log_common", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"table contact_guard.permission", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"table contact_guard.query_text", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"table contact_guard.relay_number", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"table contact_guard.relay_party", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"table contact_guard.relay_telephone", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"table contact_guard.report", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"table contact_guard.restored_log", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"table contact_guard.revoked_identity", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"table contact_guard.signed_checkpoint", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"table contact_guard.tile_edge", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"table contact_guard.tile_full", "8116ed087bbf95b5bb85bba2a61fff043d18ff34e8bff549573b79a852417392"}, \
	{"view contact_guard.access_log", "b37247cebd07407f4a93063418186623d3f2a0aaef648ea4f36573390936016f"}, \
	{"view contact_guard.evidence_row", "a4856f590270b7c000e9fe8167be8eea89a451eb70b1db918a233622d8443ed2"}, \
	{"view contact_guard.interventions", "4cccf6c1bf7f91cc6a3f4113689c34a3f245a67397a9001d789c13ad0379e9cd"}, \
	{"view contact_guard.permissions", "4f4073b8504684d2ee966b2f7b74546fabc5e98eb4ed37795cd2e677cc3dadad"}, \
	{"view contact_guard.policies", "dd5bfab3566b26257822d2971faf308e26949e2b80067f5e8d2ae127ecaf6f02"}, \
	{"view contact_guard.trusted_functions", "1e63b2bf536487b52a14ab1cc82fe6373bec82cb081e629febe292f5c56ce245"}, \
	{"view contact_guard.whole_log", "342d261e51e6385487b97c38da385db7c1ae767314078f5c9f8f091f94a21485"}

#endif							/* CG_DEFINITIONLIST_H */
