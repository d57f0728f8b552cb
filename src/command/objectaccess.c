/*
 * objectaccess.c
 *		The object-access hook: which rule decides on which class of objects.
 *
 * The hook is called for every object of the database.  So it returns at once for classes
 * about which nothing is decided.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_am.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_auth_members.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_conversion.h"
#include "catalog/pg_database.h"
#include "catalog/pg_db_role_setting.h"
#include "catalog/pg_default_acl.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_description.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_init_privs.h"
#include "catalog/pg_language.h"
#include "catalog/pg_largeobject.h"
#include "catalog/pg_largeobject_metadata.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_parameter_acl.h"
#include "catalog/pg_partitioned_table.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_publication_namespace.h"
#include "catalog/pg_publication_rel.h"
#include "catalog/pg_range.h"
#include "catalog/pg_replication_origin.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_seclabel.h"
#include "catalog/pg_sequence.h"
#include "catalog/pg_shdepend.h"
#include "catalog/pg_shdescription.h"
#include "catalog/pg_shseclabel.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_statistic_ext_data.h"
#include "catalog/pg_subscription.h"
#include "catalog/pg_subscription_rel.h"
#include "catalog/pg_tablespace.h"
#include "catalog/pg_transform.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_ts_config.h"
#include "catalog/pg_ts_config_map.h"
#include "catalog/pg_ts_dict.h"
#include "catalog/pg_ts_parser.h"
#include "catalog/pg_ts_template.h"
#include "catalog/pg_type.h"
#include "catalog/pg_user_mapping.h"
#include "miscadmin.h"
#include "read/folding.h"
#include "utils/lsyscache.h"

#include "base/objects.h"
#include "command/accessrules.h"
#include "command/beneath.h"
#include "command/capture.h"
#include "command/ddl.h"
#include "command/inheritance.h"
#include "command/objectaccess.h"
#include "command/watch.h"
#include "journal/eventrecord.h"
#include "policy/descend.h"
#include "policy/inherit.h"
#include "policy/labels.h"

typedef struct Class
{
	Oid			id;
	void		(*decide) (const CgAccess *event);
} Class;

static object_access_hook_type prev_object_access = NULL;

static pg_noinline void consider_access(ObjectAccessType access, Oid classId, Oid objectId, int subId, void *arg);
static void decide_access(ObjectAccessType access, Oid classId, Oid objectId, int subId, void *arg);
static void objectaccess_hook(ObjectAccessType access, Oid classId, Oid objectId, int subId, void *arg);
static void decide_nothing(const CgAccess *event);
static void drop_relation(Oid relid, int column);

/*
 * All catalogs; test/census compares the list with the server's headers.  Nothing is decided
 * about objects that get no stored value, or get it only through another object: a type
 * through a column or a domain's constraint, an operator class through an index.
 * definition.c checks which functions of theirs are called.
 */
static const Class classes[] = {
	{AccessMethodOperatorRelationId, decide_nothing},
	{AccessMethodProcedureRelationId, decide_nothing},
	{AccessMethodRelationId, decide_nothing},
	{AggregateRelationId, decide_nothing},
	{AttrDefaultRelationId, cg_accessrules_default},
	{AttributeRelationId, decide_nothing},
	{AuthIdRelationId, decide_nothing},
	{AuthMemRelationId, decide_nothing},
	{CastRelationId, cg_accessrules_cast},
	{CollationRelationId, decide_nothing},
	{ConstraintRelationId, cg_accessrules_constraint},
	{ConversionRelationId, decide_nothing},
	{DatabaseRelationId, decide_nothing},
	{DbRoleSettingRelationId, decide_nothing},
	{DefaultAclRelationId, decide_nothing},
	{DependRelationId, decide_nothing},
	{DescriptionRelationId, decide_nothing},
	{EnumRelationId, decide_nothing},
	{EventTriggerRelationId, decide_nothing},
	{ExtensionRelationId, decide_nothing},
	{ForeignDataWrapperRelationId, decide_nothing},
	{ForeignServerRelationId, decide_nothing},
	{ForeignTableRelationId, decide_nothing},
	{IndexRelationId, cg_accessrules_index},
	{InheritsRelationId, cg_inheritance_decide},
	{InitPrivsRelationId, decide_nothing},
	{LanguageRelationId, decide_nothing},
	{LargeObjectMetadataRelationId, decide_nothing},
	{LargeObjectRelationId, decide_nothing},
	{NamespaceRelationId, decide_nothing},
	{OperatorClassRelationId, decide_nothing},
	{OperatorFamilyRelationId, decide_nothing},
	{OperatorRelationId, decide_nothing},
	{ParameterAclRelationId, decide_nothing},
	{PartitionedRelationId, decide_nothing},
	{PolicyRelationId, cg_accessrules_policy},
	{ProcedureRelationId, cg_accessrules_function},
	{PublicationNamespaceRelationId, decide_nothing},
	{PublicationRelRelationId, decide_nothing},
	{PublicationRelationId, decide_nothing},
	{RangeRelationId, decide_nothing},
	{RelationRelationId, cg_accessrules_relation},
	{ReplicationOriginRelationId, decide_nothing},
	{RewriteRelationId, cg_accessrules_rule},
	{SecLabelRelationId, decide_nothing},
	{SequenceRelationId, decide_nothing},
	{SharedDependRelationId, decide_nothing},
	{SharedDescriptionRelationId, decide_nothing},
	{SharedSecLabelRelationId, decide_nothing},
	{StatisticExtDataRelationId, decide_nothing},
	{StatisticExtRelationId, cg_accessrules_statistics},
	{StatisticRelationId, decide_nothing},
	{SubscriptionRelRelationId, decide_nothing},
	{SubscriptionRelationId, decide_nothing},
	{TSConfigMapRelationId, decide_nothing},
	{TSConfigRelationId, decide_nothing},
	{TSDictionaryRelationId, decide_nothing},
	{TSParserRelationId, decide_nothing},
	{TSTemplateRelationId, decide_nothing},
	{TableSpaceRelationId, decide_nothing},
	{TransformRelationId, decide_nothing},
	{TriggerRelationId, cg_accessrules_trigger},
	{TypeRelationId, decide_nothing},
	{UserMappingRelationId, decide_nothing},
};

void
cg_objectaccess_init(void)
{
	prev_object_access = object_access_hook;
	object_access_hook = objectaccess_hook;
}

static void
decide_nothing(const CgAccess *event)
{
}

/* The label is dropped with its object, but PostgreSQL does not tell the label provider. */
static void
drop_relation(Oid relid, int column)
{
	ObjectAddress object;

	if (column == 0)
		cg_watch_drop_partition(relid);
	if (get_rel_namespace(relid) == cg_objects_schema() || cg_labels_get(relid, column) == NULL)
		return;
	ObjectAddressSubSet(object, RelationRelationId, relid, column);
	cg_eventrecord_add("drop of %s, which had the label %s",
					   getObjectIdentity(&object, false), cg_labels_get(relid, column));
	if (column != 0)
		cg_inherit_drop_column(relid, column);
}

static void
objectaccess_hook(ObjectAccessType access, Oid classId, Oid objectId, int subId, void *arg)
{
	/* These events come most often: for each built-in function of each statement. */
	if (access != OAT_NAMESPACE_SEARCH && (access != OAT_FUNCTION_EXECUTE || objectId >= FirstNormalObjectId))
		consider_access(access, classId, objectId, subId, arg);
	else if (prev_object_access)
		prev_object_access(access, classId, objectId, subId, arg);
}

static void
consider_access(ObjectAccessType access, Oid classId, Oid objectId, int subId, void *arg)
{
	if (prev_object_access)
		prev_object_access(access, classId, objectId, subId, arg);
	if (access == OAT_FUNCTION_EXECUTE && OidIsValid(cg_objects_schema()))
		cg_folding_begin(objectId);
	if ((access == OAT_POST_CREATE || access == OAT_POST_ALTER || access == OAT_DROP) &&
		!IsBinaryUpgrade && OidIsValid(cg_objects_schema()))
		decide_access(access, classId, objectId, subId, arg);
	else if (access == OAT_TRUNCATE && OidIsValid(cg_objects_schema()))
		cg_watch_truncate(objectId);
}

static void
decide_access(ObjectAccessType access, Oid classId, Oid objectId, int subId, void *arg)
{
	CgAccess	event = {access, objectId, subId, InvalidOid, false};

	if (access == OAT_DROP)
	{
		if ((((ObjectAccessDrop *) arg)->dropflags & PERFORM_DELETION_INTERNAL) != 0)
			return;
		cg_capture_decide_drop(classId, objectId, subId);
		if (classId == RelationRelationId)
			drop_relation(objectId, subId);
		else if (classId == PolicyRelationId)
			cg_accessrules_drop_policy(objectId);
		return;
	}
	if (access == OAT_POST_CREATE)
		event.is_internal = ((ObjectAccessPostCreate *) arg)->is_internal;
	else
	{
		event.is_internal = ((ObjectAccessPostAlter *) arg)->is_internal;
		event.auxiliary = ((ObjectAccessPostAlter *) arg)->auxiliary_id;
	}
	cg_beneath_decide(classId, &event);
	cg_capture_decide(classId, &event);
	for (int i = 0; i < lengthof(classes); i++)
		if (classes[i].id == classId)
		{
			classes[i].decide(&event);
			return;
		}
	if (!cg_ddl_is_admin() && cg_descend_guards_anything())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("contact_guard does not know objects of catalog \"%s\", and this database has guarded relations",
						get_rel_name(classId))));
}
