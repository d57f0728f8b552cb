/*
 * inval.c
 *		The library's share of PostgreSQL's cache invalidations.
 */
#include "postgres.h"

#include "utils/inval.h"

#include "base/inval.h"

/* One for each module that caches something, and some spare ones. */
#define MAX_RELATION_HANDLERS 16
#define MAX_CATALOG_HANDLERS 48

typedef struct CatalogHandler
{
	int			cacheid;
	CgCatalogHandler handler;
} CatalogHandler;

static CgRelationHandler relation_handlers[MAX_RELATION_HANDLERS];
static int	n_relation_handlers = 0;
static CatalogHandler catalog_handlers[MAX_CATALOG_HANDLERS];
static int	n_catalog_handlers = 0;

static void relation_inval(Datum arg, Oid relid);
static void catalog_inval(Datum arg, int cacheid, uint32 hashvalue);

void
cg_inval_init(void)
{
	CacheRegisterRelcacheCallback(relation_inval, (Datum) 0);
}

void
cg_inval_on_relation(CgRelationHandler handler)
{
	for (int i = 0; i < n_relation_handlers; i++)
		if (relation_handlers[i] == handler)
			return;
	if (n_relation_handlers >= MAX_RELATION_HANDLERS)
		elog(ERROR, "contact_guard has no room for another handler of relcache invalidations");
	relation_handlers[n_relation_handlers++] = handler;
}

void
cg_inval_on_catalog(int cacheid, CgCatalogHandler handler)
{
	bool		heard = false;

	for (int i = 0; i < n_catalog_handlers; i++)
	{
		if (catalog_handlers[i].cacheid != cacheid)
			continue;
		if (catalog_handlers[i].handler == handler)
			return;
		heard = true;
	}
	if (n_catalog_handlers >= MAX_CATALOG_HANDLERS)
		elog(ERROR, "contact_guard has no room for another handler of syscache invalidations");
	if (!heard)
		CacheRegisterSyscacheCallback(cacheid, catalog_inval, (Datum) 0);
	catalog_handlers[n_catalog_handlers++] = (CatalogHandler) {cacheid, handler};
}

static void
relation_inval(Datum arg, Oid relid)
{
	for (int i = 0; i < n_relation_handlers; i++)
		relation_handlers[i] (relid);
}

static void
catalog_inval(Datum arg, int cacheid, uint32 hashvalue)
{
	for (int i = 0; i < n_catalog_handlers; i++)
		if (catalog_handlers[i].cacheid == cacheid)
			catalog_handlers[i].handler(cacheid, hashvalue);
}
