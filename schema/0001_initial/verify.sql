-- 0001: what must be there afterwards. Every row that this answers is a problem, in words.
SELECT CONCAT('table ', need.tbl, ' lacks one of the columns ', need.cols)
FROM (
    SELECT 'dockerflow' AS tbl, 'watchdog' AS cols
    UNION ALL SELECT 'rules',
        'rule_id,alias,priority,mapping,fallbackMapping,backgroundRate,update_type,product,'
        'version,channel,buildTarget,buildID,locale,osVersion,memory,instructionSet,jaws,'
        'mig64,distribution,distVersion,headerArchitecture,comment,data_version'
    UNION ALL SELECT 'rules_history',
        'change_id,changed_by,timestamp,rule_id,alias,priority,mapping,fallbackMapping,'
        'backgroundRate,update_type,product,version,channel,buildTarget,buildID,locale,'
        'osVersion,memory,instructionSet,jaws,mig64,distribution,distVersion,'
        'headerArchitecture,comment,data_version'
    UNION ALL SELECT 'rules_scheduled_changes',
        'sc_id,scheduled_by,complete,change_type,base_rule_id,base_alias,base_priority,'
        'base_mapping,base_fallbackMapping,base_backgroundRate,base_update_type,base_product,'
        'base_version,base_channel,base_buildTarget,base_buildID,base_locale,base_osVersion,'
        'base_memory,base_instructionSet,base_jaws,base_mig64,base_distribution,'
        'base_distVersion,base_headerArchitecture,base_comment,base_data_version,data_version'
    UNION ALL SELECT 'rules_scheduled_changes_history',
        'change_id,changed_by,timestamp,sc_id,scheduled_by,complete,change_type,base_rule_id,'
        'base_alias,base_priority,base_mapping,base_fallbackMapping,base_backgroundRate,'
        'base_update_type,base_product,base_version,base_channel,base_buildTarget,'
        'base_buildID,base_locale,base_osVersion,base_memory,base_instructionSet,base_jaws,'
        'base_mig64,base_distribution,base_distVersion,base_headerArchitecture,base_comment,'
        'base_data_version,data_version'
    UNION ALL SELECT 'rules_scheduled_changes_conditions',
        'sc_id,telemetry_product,telemetry_channel,telemetry_uptake,when,data_version'
    UNION ALL SELECT 'rules_scheduled_changes_conditions_history',
        'change_id,changed_by,timestamp,sc_id,telemetry_product,telemetry_channel,'
        'telemetry_uptake,when,data_version'
    UNION ALL SELECT 'rules_scheduled_changes_signoffs', 'sc_id,username,role'
    UNION ALL SELECT 'rules_scheduled_changes_signoffs_history',
        'change_id,changed_by,timestamp,sc_id,username,role'
    UNION ALL SELECT 'releases', 'name,product,read_only,data,data_version'
    UNION ALL SELECT 'releases_scheduled_changes',
        'sc_id,scheduled_by,complete,change_type,base_name,base_product,base_read_only,'
        'base_data,base_data_version,data_version'
    UNION ALL SELECT 'releases_scheduled_changes_history',
        'change_id,changed_by,timestamp,sc_id,scheduled_by,complete,change_type,base_name,'
        'base_product,base_read_only,base_data,base_data_version,data_version'
    UNION ALL SELECT 'releases_scheduled_changes_conditions', 'sc_id,when,data_version'
    UNION ALL SELECT 'releases_scheduled_changes_conditions_history',
        'change_id,changed_by,timestamp,sc_id,when,data_version'
    UNION ALL SELECT 'releases_scheduled_changes_signoffs', 'sc_id,username,role'
    UNION ALL SELECT 'releases_scheduled_changes_signoffs_history',
        'change_id,changed_by,timestamp,sc_id,username,role'
    UNION ALL SELECT 'releases_json', 'name,product,read_only,data,data_version'
    UNION ALL SELECT 'releases_json_scheduled_changes',
        'sc_id,scheduled_by,complete,change_type,base_name,base_product,base_read_only,'
        'base_data,base_data_version,data_version'
    UNION ALL SELECT 'releases_json_scheduled_changes_history',
        'change_id,changed_by,timestamp,sc_id,scheduled_by,complete,change_type,base_name,'
        'base_product,base_read_only,base_data,base_data_version,data_version'
    UNION ALL SELECT 'releases_json_scheduled_changes_conditions', 'sc_id,when,data_version'
    UNION ALL SELECT 'releases_json_scheduled_changes_conditions_history',
        'change_id,changed_by,timestamp,sc_id,when,data_version'
    UNION ALL SELECT 'releases_json_scheduled_changes_signoffs', 'sc_id,username,role'
    UNION ALL SELECT 'releases_json_scheduled_changes_signoffs_history',
        'change_id,changed_by,timestamp,sc_id,username,role'
    UNION ALL SELECT 'release_assets', 'name,path,data,data_version'
    UNION ALL SELECT 'release_assets_scheduled_changes',
        'sc_id,scheduled_by,complete,change_type,base_name,base_path,base_data,'
        'base_data_version,data_version'
    UNION ALL SELECT 'release_assets_scheduled_changes_history',
        'change_id,changed_by,timestamp,sc_id,scheduled_by,complete,change_type,base_name,'
        'base_path,base_data,base_data_version,data_version'
    UNION ALL SELECT 'release_assets_scheduled_changes_conditions', 'sc_id,when,data_version'
    UNION ALL SELECT 'release_assets_scheduled_changes_conditions_history',
        'change_id,changed_by,timestamp,sc_id,when,data_version'
    UNION ALL SELECT 'release_assets_scheduled_changes_signoffs', 'sc_id,username,role'
    UNION ALL SELECT 'release_assets_scheduled_changes_signoffs_history',
        'change_id,changed_by,timestamp,sc_id,username,role'
    UNION ALL SELECT 'permissions', 'permission,username,options,data_version'
    UNION ALL SELECT 'permissions_history',
        'change_id,changed_by,timestamp,permission,username,options,data_version'
    UNION ALL SELECT 'permissions_scheduled_changes',
        'sc_id,scheduled_by,complete,change_type,base_permission,base_username,base_options,'
        'base_data_version,data_version'
    UNION ALL SELECT 'permissions_scheduled_changes_history',
        'change_id,changed_by,timestamp,sc_id,scheduled_by,complete,change_type,'
        'base_permission,base_username,base_options,base_data_version,data_version'
    UNION ALL SELECT 'permissions_scheduled_changes_conditions', 'sc_id,when,data_version'
    UNION ALL SELECT 'permissions_scheduled_changes_conditions_history',
        'change_id,changed_by,timestamp,sc_id,when,data_version'
    UNION ALL SELECT 'permissions_scheduled_changes_signoffs', 'sc_id,username,role'
    UNION ALL SELECT 'permissions_scheduled_changes_signoffs_history',
        'change_id,changed_by,timestamp,sc_id,username,role'
    UNION ALL SELECT 'user_roles', 'username,role,data_version'
    UNION ALL SELECT 'user_roles_history', 'change_id,changed_by,timestamp,username,role,data_version'
    UNION ALL SELECT 'product_req_signoffs', 'product,channel,role,signoffs_required,data_version'
    UNION ALL SELECT 'product_req_signoffs_history',
        'change_id,changed_by,timestamp,product,channel,role,signoffs_required,data_version'
    UNION ALL SELECT 'product_req_signoffs_scheduled_changes',
        'sc_id,scheduled_by,complete,change_type,base_product,base_channel,base_role,'
        'base_signoffs_required,base_data_version,data_version'
    UNION ALL SELECT 'product_req_signoffs_scheduled_changes_history',
        'change_id,changed_by,timestamp,sc_id,scheduled_by,complete,change_type,base_product,'
        'base_channel,base_role,base_signoffs_required,base_data_version,data_version'
    UNION ALL SELECT 'product_req_signoffs_scheduled_changes_conditions', 'sc_id,when,data_version'
    UNION ALL SELECT 'product_req_signoffs_scheduled_changes_conditions_history',
        'change_id,changed_by,timestamp,sc_id,when,data_version'
    UNION ALL SELECT 'product_req_signoffs_scheduled_changes_signoffs', 'sc_id,username,role'
    UNION ALL SELECT 'product_req_signoffs_scheduled_changes_signoffs_history',
        'change_id,changed_by,timestamp,sc_id,username,role'
    UNION ALL SELECT 'permissions_req_signoffs', 'product,role,signoffs_required,data_version'
    UNION ALL SELECT 'permissions_req_signoffs_history',
        'change_id,changed_by,timestamp,product,role,signoffs_required,data_version'
    UNION ALL SELECT 'permissions_req_signoffs_scheduled_changes',
        'sc_id,scheduled_by,complete,change_type,base_product,base_role,'
        'base_signoffs_required,base_data_version,data_version'
    UNION ALL SELECT 'permissions_req_signoffs_scheduled_changes_history',
        'change_id,changed_by,timestamp,sc_id,scheduled_by,complete,change_type,base_product,'
        'base_role,base_signoffs_required,base_data_version,data_version'
    UNION ALL SELECT 'permissions_req_signoffs_scheduled_changes_conditions', 'sc_id,when,data_version'
    UNION ALL SELECT 'permissions_req_signoffs_scheduled_changes_conditions_history',
        'change_id,changed_by,timestamp,sc_id,when,data_version'
    UNION ALL SELECT 'permissions_req_signoffs_scheduled_changes_signoffs', 'sc_id,username,role'
    UNION ALL SELECT 'permissions_req_signoffs_scheduled_changes_signoffs_history',
        'change_id,changed_by,timestamp,sc_id,username,role'
    UNION ALL SELECT 'emergency_shutoffs', 'product,channel,comment,data_version'
    UNION ALL SELECT 'emergency_shutoffs_history',
        'change_id,changed_by,timestamp,product,channel,comment,data_version'
    UNION ALL SELECT 'emergency_shutoffs_scheduled_changes',
        'sc_id,scheduled_by,complete,change_type,base_product,base_channel,base_comment,'
        'base_data_version,data_version'
    UNION ALL SELECT 'emergency_shutoffs_scheduled_changes_history',
        'change_id,changed_by,timestamp,sc_id,scheduled_by,complete,change_type,base_product,'
        'base_channel,base_comment,base_data_version,data_version'
    UNION ALL SELECT 'emergency_shutoffs_scheduled_changes_conditions', 'sc_id,when,data_version'
    UNION ALL SELECT 'emergency_shutoffs_scheduled_changes_conditions_history',
        'change_id,changed_by,timestamp,sc_id,when,data_version'
    UNION ALL SELECT 'emergency_shutoffs_scheduled_changes_signoffs', 'sc_id,username,role'
    UNION ALL SELECT 'emergency_shutoffs_scheduled_changes_signoffs_history',
        'change_id,changed_by,timestamp,sc_id,username,role'
    UNION ALL SELECT 'pinnable_releases', 'product,version,channel,mapping,data_version'
    UNION ALL SELECT 'pinnable_releases_history',
        'change_id,changed_by,timestamp,product,version,channel,mapping,data_version'
    UNION ALL SELECT 'pinnable_releases_scheduled_changes',
        'sc_id,scheduled_by,complete,change_type,base_product,base_version,base_channel,'
        'base_mapping,base_data_version,data_version'
    UNION ALL SELECT 'pinnable_releases_scheduled_changes_history',
        'change_id,changed_by,timestamp,sc_id,scheduled_by,complete,change_type,base_product,'
        'base_version,base_channel,base_mapping,base_data_version,data_version'
    UNION ALL SELECT 'pinnable_releases_scheduled_changes_conditions', 'sc_id,when,data_version'
    UNION ALL SELECT 'pinnable_releases_scheduled_changes_conditions_history',
        'change_id,changed_by,timestamp,sc_id,when,data_version'
    UNION ALL SELECT 'pinnable_releases_scheduled_changes_signoffs', 'sc_id,username,role'
    UNION ALL SELECT 'pinnable_releases_scheduled_changes_signoffs_history',
        'change_id,changed_by,timestamp,sc_id,username,role'
    UNION ALL SELECT 'balrog_changes', 'id,tbl,k,path,op,at'
) AS need
WHERE (
    SELECT COUNT(*) FROM information_schema.columns c
    WHERE c.table_schema = DATABASE() AND c.table_name = need.tbl AND FIND_IN_SET(c.column_name, need.cols) > 0
) <> 1 + LENGTH(need.cols) - LENGTH(REPLACE(need.cols, ',', ''));

SELECT CONCAT('trigger balrog_feed_', need.tbl, '_', LOWER(LEFT(op.word, 1)), ' is missing, or not that of balrog_feed')
FROM (
    SELECT 'rules' AS tbl
    UNION ALL SELECT 'releases'
    UNION ALL SELECT 'releases_json'
    UNION ALL SELECT 'release_assets'
    UNION ALL SELECT 'pinnable_releases'
    UNION ALL SELECT 'emergency_shutoffs'
) AS need
JOIN (SELECT 'INSERT' AS word UNION ALL SELECT 'UPDATE' UNION ALL SELECT 'DELETE') AS op
WHERE NOT EXISTS (
    SELECT 1 FROM information_schema.triggers t
    WHERE t.trigger_schema = DATABASE() AND t.event_object_table = need.tbl AND t.event_manipulation = op.word
        AND t.action_timing = 'AFTER' AND t.definer = 'balrog_feed@localhost'
        AND t.action_statement LIKE CONCAT('%INSERT INTO balrog_changes%''', need.tbl, '''%')
);

SELECT CONCAT('balrog_feed@localhost lacks the right TRIGGER on ', need.tbl)
FROM (
    SELECT 'rules' AS tbl
    UNION ALL SELECT 'releases'
    UNION ALL SELECT 'releases_json'
    UNION ALL SELECT 'release_assets'
    UNION ALL SELECT 'pinnable_releases'
    UNION ALL SELECT 'emergency_shutoffs'
) AS need
WHERE NOT EXISTS (
    SELECT 1 FROM information_schema.table_privileges p
    WHERE p.table_schema = DATABASE() AND p.table_name = need.tbl AND p.privilege_type = 'TRIGGER'
        AND p.grantee = '''balrog_feed''@''localhost'''
);

SELECT CONCAT('balrog_feed@localhost lacks the right ', need.p, ' on ', need.tbl, '.', need.col)
FROM (
    SELECT 'INSERT' AS p, 'balrog_changes' AS tbl, 'tbl' AS col
    UNION ALL SELECT 'INSERT', 'balrog_changes', 'k'
    UNION ALL SELECT 'INSERT', 'balrog_changes', 'path'
    UNION ALL SELECT 'INSERT', 'balrog_changes', 'op'
    UNION ALL SELECT 'SELECT', 'releases', 'name'
    UNION ALL SELECT 'SELECT', 'releases_json', 'name'
    UNION ALL SELECT 'SELECT', 'release_assets', 'name'
    UNION ALL SELECT 'SELECT', 'release_assets', 'path'
) AS need
WHERE NOT EXISTS (
    SELECT 1 FROM information_schema.column_privileges p
    WHERE p.table_schema = DATABASE() AND p.table_name = need.tbl AND p.column_name = need.col
        AND p.privilege_type = need.p AND p.grantee = '''balrog_feed''@''localhost'''
);
