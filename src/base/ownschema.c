/*
 * ownschema.c
 *		No role can create or alter anything in the extension's schema.
 *
 * Members cannot be altered, not even by a superuser, because the library relies on them.
 * Objects that could be taken for members cannot be created.  The object access hook has
 * the OID that the command has used, and is called under the command's lock.  owntables.c
 * checks names, too, but only for a better message.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"

#include "base/catalog.h"
#include "base/objects.h"
#include "base/ownschema.h"
#include "base/refused.h"
#include "base/underway.h"

static Datum catalog_value(Oid classId, Oid objectId, AttrNumber attnum);
static Oid	relation_beneath(Oid classId, Oid objectId, Oid other);

void
cg_ownschema_refuse(Oid relid)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("table \"%s.%s\" is reserved for contact_guard", CG_SCHEMA, get_rel_name(relid)),
			 cg_refused_relation(relid, InvalidAttrNumber),
			 errhint("Use the functions of schema contact_guard.")));
}

void
cg_ownschema_refuse_drop(Oid relid)
{
	Node	   *statement = cg_underway_statement();

	if (statement && ((IsA(statement, DropStmt) && ((DropStmt *) statement)->removeType == OBJECT_SCHEMA) ||
					  IsA(statement, DropOwnedStmt)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("extension \"%s\" cannot be dropped with its schema", CG_SCHEMA),
				 cg_refused_relation(relid, InvalidAttrNumber),
				 errhint("Take back all policies with SELECT contact_guard.retire(), then use DROP EXTENSION contact_guard.")));
	cg_ownschema_refuse(relid);
}

/* A by-value column of the row that the command has just written; 0 if it is null. */
static Datum
catalog_value(Oid classId, Oid objectId, AttrNumber attnum)
{
	HeapTuple	tuple = cg_catalog_row(classId, objectId);
	bool		isnull = true;
	Datum		value = tuple ? cg_catalog_value(tuple, classId, attnum, &isnull) : (Datum) 0;

	return isnull ? (Datum) 0 : value;
}

/* The relation of a trigger, a rule or a similar object; InvalidOid for other objects. */
static Oid
relation_beneath(Oid classId, Oid objectId, Oid other)
{
	AttrNumber	attnum;

	switch (classId)
	{
		case TriggerRelationId:
			attnum = Anum_pg_trigger_tgrelid;
			break;
		case RewriteRelationId:
			attnum = Anum_pg_rewrite_ev_class;
			break;
		case PolicyRelationId:
			attnum = Anum_pg_policy_polrelid;
			break;
		case ConstraintRelationId:
			attnum = Anum_pg_constraint_conrelid;
			break;
		case StatisticExtRelationId:
			attnum = Anum_pg_statistic_ext_stxrelid;
			break;
		case InheritsRelationId:
			/* The object is the child, and "other" is its new parent. */
			return other;
		default:
			return InvalidOid;
	}
	return DatumGetObjectId(catalog_value(classId, objectId, attnum));
}

void
cg_ownschema_check(Oid classId, Oid objectId, Oid other)
{
	Oid			schema = cg_objects_schema();
	AttrNumber	attnum;
	Oid			relid;
	char		relkind;

	if (!OidIsValid(schema))
		return;
	if (classId == NamespaceRelationId && objectId == schema)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("schema \"%s\" of extension \"%s\" cannot be altered", CG_SCHEMA, CG_SCHEMA)));
	relid = relation_beneath(classId, objectId, other);
	if (OidIsValid(relid) && cg_objects_is_own(relid))
		cg_ownschema_refuse(relid);
	attnum = is_objectclass_supported(classId) ? get_object_attnum_namespace(classId) : InvalidAttrNumber;
	if (attnum == InvalidAttrNumber || DatumGetObjectId(catalog_value(classId, objectId, attnum)) != schema)
		return;
	if (classId == RelationRelationId)
	{
		/* Only the table's owner can create one, and REINDEX CONCURRENTLY must create a copy. */
		relkind = DatumGetChar(catalog_value(classId, objectId, Anum_pg_class_relkind));
		if (relkind == RELKIND_INDEX || relkind == RELKIND_PARTITIONED_INDEX)
			return;
		if (cg_objects_is_own(objectId))
			cg_ownschema_refuse(objectId);
	}
	/* Row types and array types come with another object; VACUUM FULL creates both. */
	if (classId == TypeRelationId &&
		(OidIsValid(DatumGetObjectId(catalog_value(classId, objectId, Anum_pg_type_typrelid))) ||
		 DatumGetChar(catalog_value(classId, objectId, Anum_pg_type_typcategory)) == TYPCATEGORY_ARRAY))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("schema \"%s\" is reserved for the objects of extension \"%s\"", CG_SCHEMA, CG_SCHEMA),
			 errhint("Use another schema.")));
}
