# What the rewrite and its second line know of parse trees and plans: see rewrite.c,
# known.c and planner.c.  Each line of the lists says what is done about it.
my @walked = map { [ $_, 'nodes/parsenodes.h', 'nodes/primnodes.h' ] }
  qw(Query RangeTblEntry RangeTblFunction TableSampleClause WithCheckOption WindowClause
	CommonTableExpr CTESearchClause CTECycleClause MergeAction SetOperationStmt);
push @walked, map { [ $_, 'nodes/primnodes.h' ] } qw(OnConflictExpr TableFunc JoinExpr FromExpr TargetEntry SubLink);
my @plans = map { [ $_, 'nodes/plannodes.h' ] } qw(PlannedStmt Scan ModifyTable);

[
	{
		name => 'field of a parse tree',
		members => sub { map { fields_of_struct(@$_) } @walked },
		listed => [ 'test/census.d/query_fields', qr/^(\w+\.\w+)/m ],
	},
	{
		name => 'field of a plan that opens relations',
		members => sub { map { fields_of_struct(@$_) } @plans },
		listed => [ 'test/census.d/plan_fields', qr/^(\w+\.\w+)/m ],
	},
	{
		name => 'plan node that scans',
		members => sub { map { "T_$_" } words(qr/typedef struct (\w*Scan)\b(?!State)/, 'nodes/plannodes.h') },
		listed => [ 'test/census.d/plan_fields', qr/^(T_\w+)/m ],
	},
	{
		name => 'kind of range table entry',
		members => sub { members_of_enum('RTEKind', 'nodes/parsenodes.h') },
		listed => [ 'src/plan/known.c', qr/case (RTE_\w+):/ ],
	},
	{
		name => 'kind of command',
		members => sub { grep { !/CMD_(UNKNOWN|UTILITY|NOTHING)/ } members_of_enum('CmdType', 'nodes/nodes.h') },
		listed => [ 'src/plan/known.c', qr/case (CMD_\w+):/ ],
	},
	{
		name => 'node of an expression',
		members => sub { map { "T_$_" } words(qr/^typedef struct (\w+)\s*\{/m, 'nodes/primnodes.h'), words(qr/^typedef OpExpr (\w+);/m, 'nodes/primnodes.h'), qw(List RangeTblFunction TableSampleClause WithCheckOption MergeAction SortGroupClause) },
		listed => [ 'test/census.d/expression_nodes', qr/^(T_\w+)/m ],
	},
	{
		name => 'node that is said to be walked',
		members => sub { listed_in('test/census.d/expression_nodes') =~ /^(T_\w+)\s+walked/mg },
		listed => [ 'src/plan/known.c', qr/case (T_\w+):/ ],
	},
	{
		name => 'node that is walked and may be a carrier',
		members => sub { listed_in('test/census.d/expression_nodes') =~ /^(T_\w+)\s+walked/mg },
		listed => [ 'src/plan/carriers.c', qr/case (T_\w+):/ ],
		optional => [qw(T_OnConflictExpr T_WindowClause T_CommonTableExpr T_CTESearchClause T_CTECycleClause)],
	},
];
