-- 0010: what must be there afterwards. Every row that this answers is a problem, in words.
SELECT CONCAT('table ', need.tbl, ' lacks one of the columns ', need.cols)
FROM (
    SELECT 'balrog_partial_stops' AS tbl,
        CONCAT('stop_id,product,channel,version,buildTarget,buildID,locale,osVersion,memory,',
            'instructionSet,jaws,mig64,distribution,distVersion,headerArchitecture,comment,',
            'data_version') AS cols
    UNION ALL SELECT 'balrog_partial_stops_history',
        CONCAT('change_id,changed_by,timestamp,stop_id,product,channel,version,buildTarget,buildID,locale,',
            'osVersion,memory,instructionSet,jaws,mig64,distribution,distVersion,headerArchitecture,',
            'comment,data_version')
    UNION ALL SELECT 'balrog_partial_stops_scheduled_changes',
        CONCAT('sc_id,scheduled_by,complete,change_type,base_stop_id,base_product,base_channel,',
            'base_version,base_buildTarget,base_buildID,base_locale,base_osVersion,base_memory,',
            'base_instructionSet,base_jaws,base_mig64,base_distribution,base_distVersion,',
            'base_headerArchitecture,base_comment,base_data_version,data_version')
    UNION ALL SELECT 'balrog_partial_stops_scheduled_changes_history',
        CONCAT('change_id,changed_by,timestamp,sc_id,scheduled_by,complete,change_type,base_stop_id,',
            'base_product,base_channel,base_version,base_buildTarget,base_buildID,base_locale,',
            'base_osVersion,base_memory,base_instructionSet,base_jaws,base_mig64,base_distribution,',
            'base_distVersion,base_headerArchitecture,base_comment,base_data_version,data_version')
    UNION ALL SELECT 'balrog_partial_stops_scheduled_changes_conditions',
        'sc_id,when,data_version'
    UNION ALL SELECT 'balrog_partial_stops_scheduled_changes_conditions_history',
        'change_id,changed_by,timestamp,sc_id,when,data_version'
    UNION ALL SELECT 'balrog_partial_stops_scheduled_changes_signoffs',
        'sc_id,username,role'
    UNION ALL SELECT 'balrog_partial_stops_scheduled_changes_signoffs_history',
        'change_id,changed_by,timestamp,sc_id,username,role'
) AS need
WHERE (
    SELECT COUNT(*) FROM information_schema.columns c
    WHERE c.table_schema = DATABASE() AND c.table_name = need.tbl AND FIND_IN_SET(c.column_name, need.cols) > 0
) <> 1 + LENGTH(need.cols) - LENGTH(REPLACE(need.cols, ',', ''));

SELECT CONCAT('balrog_partial_stops has no trigger that adds ', op.word, 's to the change feed')
FROM (SELECT 'INSERT' AS word UNION ALL SELECT 'UPDATE' UNION ALL SELECT 'DELETE') AS op
WHERE NOT EXISTS (
    SELECT 1 FROM information_schema.triggers t
    WHERE t.trigger_schema = DATABASE() AND t.event_object_table = 'balrog_partial_stops'
        AND t.event_manipulation = op.word AND t.action_timing = 'AFTER' AND t.definer = 'balrog_feed@localhost'
        AND t.action_statement LIKE '%INSERT INTO balrog_changes%''balrog_partial_stops''%'
);

SELECT 'balrog_feed@localhost lacks the right TRIGGER on balrog_partial_stops'
WHERE NOT EXISTS (
    SELECT 1 FROM information_schema.table_privileges p
    WHERE p.table_schema = DATABASE() AND p.table_name = 'balrog_partial_stops' AND p.privilege_type = 'TRIGGER'
        AND p.grantee = '''balrog_feed''@''localhost'''
);
