#!/bin/bash
# A cohort in 40 shares as a job array, numbered from 1. SLURM:
#   jobs=$(sbatch --parsable slurm_array.sh manifest.csv results)
#   sbatch --dependency=afterok:$jobs --wrap "tremor merge results"
# LSF:   bsub -J "tremor[1-40]" bash slurm_array.sh manifest.csv results
# PBS:   qsub -J 1-40 -v CAPTURES=manifest.csv,OUT=results slurm_array.sh
# SGE:   qsub -t 1-40 slurm_array.sh manifest.csv results
#SBATCH --job-name=tremor
#SBATCH --array=1-40
#SBATCH --cpus-per-task=1
#SBATCH --mem=1G
#SBATCH --time=04:00:00
set -euo pipefail

cd "${PBS_O_WORKDIR:-.}"
share=${SLURM_ARRAY_TASK_ID:-${LSB_JOBINDEX:-${PBS_ARRAY_INDEX:-${SGE_TASK_ID:-}}}}
shares=${SLURM_ARRAY_TASK_COUNT:-${LSB_JOBINDEX_END:-${SGE_TASK_LAST:-40}}}
status=0
tremor batch "${1:-$CAPTURES}" --out "${2:-$OUT}" --shard "$share/$shares" --resume -q || status=$?
# 7 says that some captures failed, which is no fault of the job: summary.csv names them.
[ "$status" -eq 7 ] || exit "$status"
